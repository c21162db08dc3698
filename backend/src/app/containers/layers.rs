//! Layers of files that containers are made of.

use std::time::Duration;

use ctnr_engine::{EngineError, LayerArchive, SandboxEngine};
use ctnr_model::container::Win32Path;
use ctnr_model::{ContainerPath, FileOwner, LayerId};
use ctnr_wine::layout;
use jiff::Timestamp;
use tokio::io::AsyncRead;

use super::bounded::Bounded;
use super::paths;
use crate::app::{App, AppError, Result};
use crate::store::{LayerPhase, LayerRow};

/// How long an uploaded layer is kept that no container is made of.
const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// The most bytes of an archive.
const MAX_ARCHIVE: u64 = 64 * 1024 * 1024 * 1024;

/// The folder that an archive is unpacked to where none is named.
const DEFAULT_PLACE: &str = r"C:\App";

/// The word for a whole Wine prefix, in the place of a folder.
const WHOLE_PREFIX: &str = "prefix";

/// Who owns the files of a container.
pub(super) const OWNER: FileOwner = FileOwner {
    uid: layout::UID,
    gid: layout::UID,
};

/// A layer that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLayer {
    /// The id.
    pub id: LayerId,
    /// Bytes on disk.
    pub size: u64,
}

impl App {
    /// Makes a layer of an archive, unpacked to the folder `at` of the container, as Windows writes
    /// it. Dropping the future ends it, and what it made so far goes.
    pub async fn import_layer(
        &self,
        content: Box<dyn AsyncRead + Send + Unpin>,
        at: Option<&str>,
    ) -> Result<NewLayer> {
        let at = place(at.unwrap_or(DEFAULT_PLACE))?;
        let engine = self.container_engine()?;
        let (content, passed) = Bounded::new(content, MAX_ARCHIVE);
        let archive = LayerArchive {
            content: Box::new(content),
            at,
            owner: OWNER,
            only: Vec::new(),
            most: None,
        };
        match self.make_layer(&*engine, archive).await {
            Err(_) if passed.is_so() => Err(AppError::TooLarge(
                "the archive is larger than 64 GiB; split it into several layers".to_owned(),
            )),
            made => made,
        }
    }

    /// Makes a layer of an archive. It is kept for a day though nothing uses it. What could not be
    /// made whole goes.
    pub(super) async fn make_layer(
        &self,
        engine: &dyn SandboxEngine,
        archive: LayerArchive,
    ) -> Result<NewLayer> {
        let id = LayerId::from_random(rand::random());
        let _being_made = self.inner.layer_locks.lock(&id).await;
        let row = LayerRow {
            id: id.clone(),
            host: self.inner.installation.clone(),
            engine: engine.kind(),
            phase: LayerPhase::Making,
            size: 0,
            kept_until: kept_until(),
        };
        self.inner.store.intend_layer(&row).await?;
        if let Err(error) = engine.import_layer(&id, archive).await {
            self.unmake_layer(engine, &id).await?;
            return Err(error.into());
        }
        let size = engine.layer_size(&id).await?;
        self.inner.store.confirm_layer(&id, size).await?;
        Ok(NewLayer { id, size })
    }

    /// Removes the layers that nothing uses. What can't be removed now is tried again.
    pub(super) async fn collect_layers(&self) {
        if let Err(error) = self.try_collect_layers().await {
            tracing::warn!(%error, "layers that nothing uses could not be removed; it is tried again");
        }
    }

    async fn try_collect_layers(&self) -> Result<()> {
        let marked = self
            .inner
            .store
            .mark_unused_layers(&self.inner.installation)
            .await?;
        if marked.is_empty() {
            return Ok(());
        }
        let engine = self.container_engine()?;
        for id in marked {
            match engine.remove_layer(&id).await {
                Ok(()) => self.inner.store.forget_layer(&id).await?,
                // A sandbox that is just being removed is made of it still.
                Err(EngineError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Removes the layers that were being made when the process before was killed. Those that a
    /// container's sandbox becomes are finished with the container.
    pub(super) async fn forget_unmade_layers(&self) -> Result<()> {
        let host = &self.inner.installation;
        let being_made = self.inner.store.layers_being_made(host).await?;
        for id in being_made {
            let Some(_lock) = self.inner.layer_locks.try_lock(&id) else {
                continue;
            };
            let engine = self.container_engine()?;
            self.unmake_layer(&*engine, &id).await?;
            tracing::info!(
                layer = id.short(),
                "removed a layer whose upload had been cut short"
            );
        }
        Ok(())
    }

    async fn unmake_layer(&self, engine: &dyn SandboxEngine, id: &LayerId) -> Result<()> {
        engine.remove_layer(id).await?;
        Ok(self.inner.store.forget_layer(id).await?)
    }
}

/// Until when a layer is kept that nothing uses yet.
pub(super) fn kept_until() -> Timestamp {
    let until = Timestamp::now().saturating_add(KEPT);
    until.unwrap_or(Timestamp::MAX)
}

/// Where a folder of the container is on the Linux side.
fn place(at: &str) -> Result<ContainerPath> {
    if at == WHOLE_PREFIX {
        return Ok(ContainerPath::parse(layout::PREFIX)?);
    }
    let path =
        Win32Path::parse(at).map_err(|error| AppError::BadRequest(format!("at: {error}")))?;
    paths::on_linux(&path).ok_or_else(|| {
        AppError::BadRequest(format!(
            "at: {at} is not on the container's drive; name a folder below C:\\, or \"prefix\" for a whole Wine prefix"
        ))
    })
}
