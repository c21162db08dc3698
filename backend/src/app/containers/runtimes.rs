//! Runtimes: the images that containers run on.

use ctnr_engine::{EngineError, ImageDetails, SandboxEngine};
use ctnr_model::{ContainerQuery, Digest, EventAction};
use ctnr_wine::layout;
use jiff::Timestamp;

use super::Container;
use super::find::must_be_whole;
use crate::app::{App, AppError, Result};
use crate::store::RuntimeId;

/// A runtime of this host.
#[derive(Debug, Clone, PartialEq)]
pub struct RuntimeStatus {
    /// The digest of its manifest.
    pub digest: Digest,
    /// The digest of its configuration.
    pub image: Digest,
    /// Its names.
    pub names: Vec<String>,
    /// Bytes on disk.
    pub size: u64,
    /// Whether containers that name none get it.
    pub is_default: bool,
    /// How many containers are on it.
    pub containers: u64,
    /// When it was built.
    pub created_at: Option<Timestamp>,
}

impl App {
    /// The runtimes of this host, newest first.
    pub async fn runtimes(&self) -> Result<Vec<RuntimeStatus>> {
        let engine = self.container_engine()?;
        let in_use = self.inner.store.runtimes_in_use().await?;
        let default = match self.find_runtime(&*engine, None).await {
            Ok(runtime) => Some(runtime.image),
            Err(AppError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        let mut runtimes = Vec::new();
        for image in engine.images().list().await? {
            if !image.labels.contains_key(layout::RUNTIME_LABEL) {
                continue;
            }
            let details = engine.images().inspect(&image.id.to_string()).await?;
            runtimes.push(RuntimeStatus {
                digest: manifest_of(&details)?,
                names: image
                    .references
                    .iter()
                    .map(|name| name.familiar())
                    .collect(),
                size: image.size,
                is_default: default.as_ref() == Some(&image.id),
                containers: in_use.get(&image.id).copied().unwrap_or(0),
                created_at: image.created,
                image: image.id,
            });
        }
        Ok(runtimes)
    }

    /// The runtime that a caller means; without a name, the one of the product's own name.
    pub(super) async fn find_runtime(
        &self,
        engine: &dyn SandboxEngine,
        name: Option<&str>,
    ) -> Result<RuntimeId> {
        let wanted = name.unwrap_or(layout::IMAGE);
        let details = match engine.images().inspect(wanted).await {
            Ok(details) => details,
            Err(EngineError::ImageNotFound { .. }) => {
                return Err(AppError::NotFound(format!(
                    "this host has no runtime {wanted}; `ctnr runtime build` (POST /api/runtimes) makes one, GET /api/runtimes lists those that are there"
                )));
            }
            Err(error) => return Err(error.into()),
        };
        if !details.summary.labels.contains_key(layout::RUNTIME_LABEL) {
            return Err(AppError::BadRequest(format!(
                "runtime: the image {wanted} is no runtime for Win32 containers; GET /api/runtimes lists those that are there"
            )));
        }
        let given = details.summary.references.first();
        Ok(RuntimeId {
            digest: manifest_of(&details)?,
            name: given.map_or_else(|| layout::IMAGE.to_owned(), |name| name.familiar()),
            image: details.summary.id,
        })
    }

    /// Removes a runtime that no container is on.
    pub async fn remove_runtime(&self, name: &str) -> Result<()> {
        let engine = self.container_engine()?;
        let runtime = self.find_runtime(&*engine, Some(name)).await?;
        let used = self
            .inner
            .store
            .containers_on_runtime(&runtime.image)
            .await?;
        if !used.is_empty() {
            return Err(AppError::Conflict(format!(
                "runtime {} is in use by the containers {}; move them to another one, or delete them",
                runtime.name,
                used.join(", ")
            )));
        }
        self.remove_image(Some(engine.kind()), &runtime.image.to_string())
            .await
    }

    /// Moves a container to another runtime. What it holds is kept as it is; it is stopped for
    /// that, and stays so.
    pub async fn move_container(&self, query: &ContainerQuery, runtime: &str) -> Result<Container> {
        let row = self.container(query).await?;
        let engine = self.engine_of_container(&row)?;
        let (app, runtime) = (self.clone(), runtime.to_owned());
        self.change(async move {
            let lock = app.inner.container_locks.lock(&row.id).await;
            let mut row = app.container_by_id(&row.id).await?;
            must_be_whole(&row)?;
            // The runtime stays from the look at it until the container is on it.
            let _images_stay = app.inner.images.read().await;
            let runtime = app.find_runtime(&*engine, Some(&runtime)).await?;
            if row.runtime.digest == runtime.digest {
                return Ok(row);
            }
            app.down(&mut row, &lock).await?;
            app.freeze(&mut row, None, &lock).await?;
            row.runtime = runtime;
            app.tell_change(&mut row, EventAction::Update).await?;
            Ok(row)
        })
        .await
    }
}

fn manifest_of(details: &ImageDetails) -> Result<Digest> {
    details.manifest.clone().ok_or_else(|| {
        AppError::Unsupported(
            "runtime: the engine does not say the image's digest; use the native engine".to_owned(),
        )
    })
}
