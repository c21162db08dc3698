//! Making containers.

use std::time::Duration;

use ctnr_engine::Capability;
use ctnr_model::container::Manifest;
use ctnr_model::{ContainerId, ContainerName, ContainerState, EventAction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::find::not_found;
use super::freeze::MAX_CHAIN;
use super::plan::{layers_of, manifest_of};
use super::{Container, NewContainer, RequestId};
use crate::app::{App, AppError, Result, names};
use crate::jobs::{Job, JobContext, JobResult};
use crate::store::{
    ContainerChange, ContainerRow, ContainerSpec, Created, Priority, StoreError, tell_container,
};

/// How often a made-up name may be taken before that is an error.
const NAME_ATTEMPTS: u32 = 16;

/// How often a container that is being made is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The job that makes a container whose row is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeContainer {
    /// The container.
    pub container: ContainerId,
}

impl Job for MakeContainer {
    const KIND: &'static str = "create";
    const PRIORITY: Priority = Priority::High;
}

impl App {
    /// Records a container, and puts the job in the queue that makes it. The answer is the
    /// container as it is then: `creating`. A repeated request gets the container of the first one.
    pub async fn create_container(
        &self,
        new: NewContainer,
        request: Option<&RequestId>,
    ) -> Result<Container> {
        let key = request.map(|request| request.key(&new));
        let engine = self.container_engine()?;
        let _images_stay = self.inner.images.read().await;
        let is_made_up = new.name.is_none() && new.manifest.is_none();
        let name = match &new.name {
            Some(name) => name.clone(),
            None => made_up_name(0)?,
        };
        let manifest = manifest_of(&name, new.manifest.as_deref(), &new.overrides)?;
        let runtime = match (&new.runtime, &new.manifest) {
            (Some(runtime), _) => Some(runtime.clone()),
            (None, Some(_)) => Some(manifest.runtime.to_string()),
            (None, None) => None,
        };
        let runtime = self.find_runtime(&*engine, runtime.as_deref()).await?;
        let mut chain = layers_of(&manifest)?;
        chain.extend(new.layers);
        if chain.len() > MAX_CHAIN {
            return Err(AppError::BadRequest(format!(
                "layers: a container is made of at most {MAX_CHAIN} layers, and these are {}; pack some of them into one",
                chain.len()
            )));
        }
        let id = ContainerId::from_random(rand::random());
        let job = MakeContainer {
            container: id.clone(),
        };
        let mut job = job.to_row()?;
        job.host = Some(self.inner.installation.clone());
        job.container_id = Some(id.clone());
        let now = Timestamp::now();
        let mut row = ContainerRow {
            id,
            name: match (new.name, &new.manifest) {
                (None, Some(_)) => manifest.name.clone(),
                (_, _) => name,
            },
            host: self.inner.installation.clone(),
            engine: engine.kind(),
            state: ContainerState::Creating,
            spec: ContainerSpec {
                entry_points: entry_points(&manifest),
                manifest: new.manifest,
                overrides: new.overrides,
                labels: new.labels,
                env: new.env,
                limits: new.limits.unwrap_or_else(|| manifest.limits.limits()),
                network: new
                    .network
                    .unwrap_or_else(|| manifest.network.policy.mode()),
                folders: self.allowed_folders(&new.folders)?,
            },
            runtime,
            base: chain.len(),
            chain,
            sandbox: None,
            freezing: None,
            capture: None,
            job: Some(job.id.clone()),
            error: None,
            revision: 1,
            created_at: now,
            changed_at: now,
        };
        // What can't be planned can't be run; better to say so at once.
        self.realised(&row)?;
        let mut attempt = 0;
        loop {
            let event = tell_container(&row, EventAction::Create);
            let created = self
                .inner
                .store
                .create_container(&row, Some(&job), key.as_ref(), event)
                .await;
            match created {
                Ok(Created::New) => return Ok(row),
                Ok(Created::Before(id)) => return self.made_before(&id).await,
                Err(StoreError::ContainerNameTaken { .. })
                    if is_made_up && attempt < NAME_ATTEMPTS =>
                {
                    attempt += 1;
                    row.name = made_up_name(attempt)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The container of an earlier request with the same key.
    pub(super) async fn made_before(&self, id: &ContainerId) -> Result<Container> {
        self.inner.store.container(id).await?.ok_or_else(|| {
            AppError::Conflict(format!(
                "this request was done before, and its container {} has been deleted since; use a new Idempotency-Key to make another",
                id.short()
            ))
        })
    }

    /// Waits until a container is not being made any more, or the time is up; gives it as it is
    /// then.
    pub async fn wait_for_container(
        &self,
        id: &ContainerId,
        patience: Duration,
    ) -> Result<Container> {
        let deadline = tokio::time::Instant::now() + patience;
        let mut woken = self.inner.store.watch_events();
        loop {
            woken.borrow_and_update();
            let row = self
                .inner
                .store
                .container(id)
                .await?
                .ok_or_else(not_found)?;
            if row.state != ContainerState::Creating {
                return Ok(row);
            }
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => return Ok(row),
                () = tokio::time::sleep(LOOK) => {}
                _ = woken.changed() => {}
            }
        }
    }

    /// Does [`MakeContainer`].
    pub async fn make_container(self, job: MakeContainer, context: JobContext) -> JobResult {
        context.check()?;
        let made = self.make_row(&job.container, &context).await?;
        Ok(serde_json::json!({ "container": made.id }))
    }

    async fn make_row(&self, id: &ContainerId, context: &JobContext) -> Result<Container> {
        let _lock = self.inner.container_locks.lock(id).await;
        let mut row = self.container_by_id(id).await?;
        if !matches!(row.state, ContainerState::Creating | ContainerState::Failed) {
            return Ok(row);
        }
        let engine = self.engine_of_container(&row)?;
        engine
            .images()
            .inspect(&row.runtime.digest.to_string())
            .await?;
        row.state = ContainerState::Stopped;
        row.error = None;
        let lease = context.lease();
        let change = ContainerChange {
            lease: Some(&lease),
            events: vec![tell_container(&row, EventAction::Update)],
            ..ContainerChange::default()
        };
        self.inner.store.change_container(&mut row, change).await?;
        Ok(row)
    }

    /// The engine that runs containers.
    pub(super) fn container_engine(
        &self,
    ) -> Result<std::sync::Arc<dyn ctnr_engine::SandboxEngine>> {
        let engine = self.engine(None)?;
        engine.capabilities().require(
            Capability::Layers,
            "Win32 containers need the native engine; run the backend as root on Linux, with CONTAINERS_ENGINE unset or native",
        )?;
        Ok(engine)
    }
}

/// The names of a manifest's entry points, the default one first.
pub(super) fn entry_points(manifest: &Manifest) -> Vec<String> {
    let default = manifest.default_entry();
    let others = manifest
        .entries
        .iter()
        .filter(|entry| default.is_none_or(|default| default.name != entry.name));
    default
        .into_iter()
        .chain(others)
        .map(|entry| entry.name.to_string())
        .collect()
}

/// A name for a container that is given none.
pub(super) fn made_up_name(attempt: u32) -> Result<ContainerName> {
    Ok(ContainerName::parse(names::make_up(attempt)?.as_str())?)
}
