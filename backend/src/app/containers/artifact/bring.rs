//! Making a container of an artifact, wherever that comes from.

use std::collections::BTreeMap;
use std::io;

use ctnr_engine::{LayerArchive, SandboxEngine};
use ctnr_images::artifact::{ArchivedArtifact, Artifact, ArtifactLayer, LayerBytes, LayerKind};
use ctnr_images::{ImageError, RemoteArtifact};
use ctnr_model::container::Manifest;
use ctnr_model::{ContainerId, ContainerName, ContainerState, EventAction, JobProgress, LayerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::config::{ArtifactConfig, CaptureFacts};
use super::consent::{self, HostFolders};
use super::metered::Metered;
use super::{names, place};
use crate::app::containers::create::entry_points;
use crate::app::containers::layers::{OWNER, kept_until};
use crate::app::{App, AppError, Result};
use crate::jobs::{JobContext, JobError, JobResult};
use crate::store::{
    CaptureRow, ContainerRow, ContainerSpec, Created, RuntimeId, StoreError, tell_container,
};

/// How far the work is, in percent, when the container is recorded.
const UNPACKED: u64 = 95;

/// Where an artifact comes from.
pub(super) enum Source {
    /// A file of this host.
    Archive(ArchivedArtifact),
    /// A registry.
    Registry(Box<RemoteArtifact>),
}

/// The container that is to be made of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Its id, drawn before anything is done, so that nothing is done twice.
    pub container: ContainerId,
    /// Its name; the manifest's where there is none.
    pub name: Option<ContainerName>,
    /// The runtime, instead of the one that the artifact was made on.
    pub runtime: Option<String>,
    /// What becomes of it where it asks for folders of the host.
    pub host_folders: HostFolders,
}

/// What the caller of an import or a pull says of the container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Its name; the manifest's where there is none.
    pub name: Option<ContainerName>,
    /// The runtime, instead of the one that the artifact was made on.
    pub runtime: Option<String>,
    /// What becomes of it where it asks for folders of the host.
    pub host_folders: HostFolders,
}

/// The layers of an artifact, as far as this host has them.
#[derive(Default)]
struct Brought {
    chain: Vec<LayerId>,
    /// How many of them were here before.
    reused: usize,
}

impl Source {
    fn artifact(&self) -> &Artifact {
        match self {
            Self::Archive(archive) => archive.artifact(),
            Self::Registry(remote) => remote.artifact(),
        }
    }

    async fn layer(&self, layer: &ArtifactLayer) -> std::result::Result<LayerBytes, ImageError> {
        match self {
            Self::Archive(archive) => archive.layer(layer).await,
            Self::Registry(remote) => remote.layer(layer).await,
        }
    }
}

impl App {
    /// Draws the id of a container that is to be made, and refuses at once what can't become one.
    pub(super) async fn wanted(&self, wishes: Wishes) -> Result<Wanted> {
        self.container_engine()?;
        self.refuse_taken(wishes.name.as_ref()).await?;
        Ok(Wanted {
            container: ContainerId::from_random(rand::random()),
            name: wishes.name,
            runtime: wishes.runtime,
            host_folders: wishes.host_folders,
        })
    }

    /// Makes a container of an artifact. Where it fails or is called off, nothing is left but
    /// layers that other containers use.
    pub(super) async fn bring_artifact(
        &self,
        source: &Source,
        wanted: &Wanted,
        context: &JobContext,
    ) -> JobResult {
        let mut brought = Brought::default();
        let made = self.bring_into(source, wanted, context, &mut brought).await;
        let error = match made {
            Ok(made) => return Ok(made),
            Err(error) => error,
        };
        self.inner
            .store
            .let_layers_go(&brought.chain)
            .await
            .map_err(AppError::from)?;
        self.collect_layers().await;
        // What it was called off in the middle of has failed for that.
        context.check()?;
        Err(error.into())
    }

    async fn bring_into(
        &self,
        source: &Source,
        wanted: &Wanted,
        context: &JobContext,
        brought: &mut Brought,
    ) -> Result<serde_json::Value> {
        let artifact = source.artifact();
        let engine = self.container_engine()?;
        let (config, manifest) = ArtifactConfig::read(artifact.config())?;
        check_captures(&config.captures, artifact.layers().len())?;
        let asked = consent::asked(&manifest);
        let manifest = consent::settle(manifest, wanted.host_folders)?;
        let name = wanted.name.as_ref().unwrap_or(&manifest.name);
        self.refuse_taken(Some(name)).await?;
        let named = wanted.runtime.as_deref();
        let runtime = self.runtime_for(&*engine, &config.runtime, named).await?;
        let mut row = self.row_of(&*engine, wanted, &manifest, runtime)?;
        // What can't be planned can't be run; better to say so before anything is unpacked.
        self.realised(&row)?;
        self.bring_layers(&*engine, source, &config.captures, context, brought)
            .await?;
        let is_program = |layer: &&ArtifactLayer| layer.kind == LayerKind::Program;
        row.base = artifact.layers().iter().filter(is_program).count();
        row.chain.clone_from(&brought.chain);
        tell(context, UNPACKED, "recording the container");
        // The runtime stays from the look at it until the container is on it.
        let _images_stay = self.inner.images.read().await;
        row.runtime = self.runtime_for(&*engine, &config.runtime, named).await?;
        let event = tell_container(&row, EventAction::Create);
        let created = self.inner.store.create_container(&row, None, None, event);
        match created.await {
            Ok(Created::New | Created::Before(_)) => {}
            // Another job has let a layer go that this one found here.
            Err(error @ StoreError::LayerMissing { .. }) => {
                return Err(AppError::Unavailable(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(serde_json::json!({
            "container": row.id,
            "name": row.name,
            "artifact": artifact.digest(),
            "runtime": row.runtime.name,
            "layers": row.chain.len(),
            "reused": brought.reused,
            "entry_points": row.spec.entry_points,
            "network": manifest.network.policy,
            "host_folders": asked,
        }))
    }

    /// What a job shows whose container was made before its process was killed.
    pub(super) async fn brought_before(
        &self,
        wanted: &Wanted,
    ) -> Result<Option<serde_json::Value>> {
        let row = self.inner.store.container(&wanted.container).await?;
        Ok(row.map(|row| {
            serde_json::json!({
                "container": row.id,
                "name": row.name,
                "runtime": row.runtime.name,
                "layers": row.chain.len(),
                "entry_points": row.spec.entry_points,
            })
        }))
    }

    /// Refuses a name that a container has.
    pub(super) async fn refuse_taken(&self, name: Option<&ContainerName>) -> Result<()> {
        let Some(name) = name else {
            return Ok(());
        };
        match self.inner.store.container_named(name).await? {
            None => Ok(()),
            Some(holder) => Err(StoreError::ContainerNameTaken {
                name: name.clone(),
                holder,
            }
            .into()),
        }
    }

    fn row_of(
        &self,
        engine: &dyn SandboxEngine,
        wanted: &Wanted,
        manifest: &Manifest,
        runtime: RuntimeId,
    ) -> Result<ContainerRow> {
        let text = manifest
            .to_toml()
            .map_err(|error| AppError::Internal(format!("writing the manifest: {error}")))?;
        let now = Timestamp::now();
        Ok(ContainerRow {
            id: wanted.container.clone(),
            name: wanted.name.as_ref().unwrap_or(&manifest.name).clone(),
            host: self.inner.installation.clone(),
            engine: engine.kind(),
            state: ContainerState::Stopped,
            spec: ContainerSpec {
                entry_points: entry_points(manifest),
                manifest: Some(text),
                limits: manifest.limits.limits(),
                network: manifest.network.policy.mode(),
                ..ContainerSpec::default()
            },
            runtime,
            chain: Vec::new(),
            base: 0,
            sandbox: None,
            freezing: None,
            capture: None,
            job: None,
            error: None,
            revision: 1,
            created_at: now,
            changed_at: now,
        })
    }

    /// Has each layer of an artifact on this host: one that was packed or unpacked here before, or
    /// else one that is unpacked.
    async fn bring_layers(
        &self,
        engine: &dyn SandboxEngine,
        source: &Source,
        captures: &[CaptureFacts],
        context: &JobContext,
        brought: &mut Brought,
    ) -> Result<()> {
        let layers = source.artifact().layers();
        let sizes = layers.iter().map(|layer| layer.size);
        let total = sizes.fold(0, u64::saturating_add);
        let mut done = 0;
        for (number, layer) in layers.iter().enumerate() {
            still_wanted(context)?;
            let here = self.here(layer, &brought.chain).await?;
            let id = match here {
                Some(id) => {
                    brought.reused += 1;
                    id
                }
                None => {
                    let id = self
                        .unpack(engine, source, layer, (done, total), context)
                        .await?;
                    if let Some(facts) = captures.iter().find(|facts| facts.layer == number) {
                        let capture = capture_of(&id, facts)?;
                        self.inner.store.record_capture(&capture).await?;
                    }
                    id
                }
            };
            brought.chain.push(id);
            done = u64::saturating_add(done, layer.size);
        }
        Ok(())
    }

    /// A layer of this host with the same bytes, which is not in use for the container yet. It
    /// stays for as long as the import may take.
    async fn here(&self, layer: &ArtifactLayer, chain: &[LayerId]) -> Result<Option<LayerId>> {
        let store = &self.inner.store;
        let known = store
            .layers_of_blob(&self.inner.installation, &layer.digest, layer.size)
            .await?;
        for id in known {
            if !chain.contains(&id) && store.keep_layer(&id, kept_until()).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    async fn unpack(
        &self,
        engine: &dyn SandboxEngine,
        source: &Source,
        layer: &ArtifactLayer,
        (before, total): (u64, u64),
        context: &JobContext,
    ) -> Result<LayerId> {
        let bytes = source.layer(layer).await?;
        let meter = {
            let context = context.clone();
            let message = format!("unpacking layer {}", layer.digest.short());
            let mut done = before;
            move |passed: u64| {
                done = u64::saturating_add(done, passed);
                tell(
                    &context,
                    done.saturating_mul(UNPACKED) / total.max(1),
                    &message,
                );
                context.check().map_err(io::Error::other)
            }
        };
        let archive = LayerArchive {
            content: Box::new(Metered::new(bytes, meter)),
            at: place()?,
            owner: OWNER,
            only: names(),
            most: layer.unpacked,
        };
        let made = self.make_layer(engine, archive).await?;
        self.remember(&made.id, layer).await?;
        Ok(made.id)
    }
}

/// Refuses what is known of layers that are not there.
fn check_captures(captures: &[CaptureFacts], layers: usize) -> Result<()> {
    let mut seen = BTreeMap::new();
    for facts in captures {
        if facts.layer >= layers || seen.insert(facts.layer, ()).is_some() {
            return Err(AppError::BadRequest(format!(
                "the artifact's configuration tells of a capture in layer {}, of {layers} layers, or twice of one",
                facts.layer
            )));
        }
    }
    Ok(())
}

/// What is known of a layer that was captured elsewhere. It is told of layers alone that were unpacked
/// for it: what this host knows of others does not come from strangers.
fn capture_of(layer: &LayerId, facts: &CaptureFacts) -> Result<CaptureRow> {
    let document = serde_json::to_string(&facts.document)
        .map_err(|error| AppError::Internal(format!("writing what was captured: {error}")))?;
    Ok(CaptureRow {
        layer: layer.clone(),
        job: facts.job.clone(),
        document,
        created_at: Timestamp::now(),
    })
}

fn still_wanted(context: &JobContext) -> Result<()> {
    context
        .check()
        .map_err(|error: JobError| AppError::Conflict(error.to_string()))
}

pub(super) fn tell(context: &JobContext, done: u64, message: &str) {
    context.progress(JobProgress {
        done,
        total: Some(100),
        message: message.to_owned(),
    });
}
