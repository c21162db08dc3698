//! The job that sends a container to a registry.

use std::io;

use ctnr_images::artifact::{Artifact, ArtifactLayer};
use ctnr_images::{ArtifactOptions, ArtifactPush};
use ctnr_model::{ContainerId, ContainerQuery, ImageReference, LayerId};
use serde::{Deserialize, Serialize};

use super::bring::tell;
use super::export::{exported, kind_of};
use crate::app::containers::Container;
use crate::app::{App, AppError, Result};
use crate::jobs::{Job, JobContext, JobResult};
use crate::store::JobRow;

/// The job that sends a container to a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushContainer {
    /// The container.
    pub container: ContainerId,
    /// Where it goes: a registry, a name there and a tag.
    pub reference: String,
    /// With what its user has made of it.
    pub with_data: bool,
}

impl Job for PushContainer {
    const KIND: &'static str = "push";
    const MAX_ATTEMPTS: u32 = 3;
}

/// What went to a registry.
#[derive(Default)]
struct Sent {
    layers: Vec<(LayerId, ArtifactLayer)>,
    /// How many of them were there before.
    reused: usize,
}

impl App {
    /// Puts the job in the queue that sends a container to a registry.
    pub async fn push_container(
        &self,
        query: &ContainerQuery,
        reference: &ImageReference,
        with_data: bool,
    ) -> Result<JobRow> {
        let row = self.container(query).await?;
        crate::app::containers::find::must_be_whole(&row)?;
        self.engine_of_container(&row)?;
        // What can't be a place to send to is said at once.
        ArtifactPush::to(reference, ArtifactOptions::default()).await?;
        let job = PushContainer {
            container: row.id.clone(),
            reference: reference.to_string(),
            with_data,
        };
        let mut job = job.to_row()?;
        job.host = Some(row.host.clone());
        job.container_id = Some(row.id);
        Ok(self.enqueue_job(&job).await?.job)
    }

    /// Does [`PushContainer`].
    pub async fn make_push(self, job: PushContainer, context: JobContext) -> JobResult {
        context.check()?;
        let pushed = self.push(&job, &context).await;
        // What it was called off in the middle of has failed for that.
        context.check()?;
        let (artifact, sent) = pushed?;
        Ok(serde_json::json!({
            "reference": job.reference,
            "artifact": artifact.digest(),
            "layers": artifact.layers().len(),
            "reused": sent.reused,
        }))
    }

    async fn push(&self, job: &PushContainer, context: &JobContext) -> Result<(Artifact, Sent)> {
        let reference = ImageReference::parse(&job.reference)?;
        let to = ArtifactPush::to(&reference, ArtifactOptions::default()).await?;
        let query = ContainerQuery::parse(job.container.as_str())?;
        let row = self.exportable(&query, job.with_data).await?;
        let mut sent = Sent::default();
        let count = exported(&row, job.with_data).len() as u64;
        for (number, id) in exported(&row, job.with_data).iter().enumerate() {
            let part = (number as u64, count);
            let layer = self
                .push_layer(&row, (number, id), &to, part, context, &mut sent)
                .await?;
            if !layer.is_empty() {
                sent.layers.push((id.clone(), layer));
            }
        }
        let artifact = self.describe_container(&row, &sent.layers).await?;
        tell(context, 99, "sending the manifest");
        to.finish(&artifact).await?;
        Ok((artifact, sent))
    }

    /// Has a layer in the registry. One that is known to be there is not even packed.
    async fn push_layer(
        &self,
        row: &Container,
        (number, id): (usize, &LayerId),
        to: &ArtifactPush,
        (part, parts): (u64, u64),
        context: &JobContext,
        sent: &mut Sent,
    ) -> Result<ArtifactLayer> {
        context
            .check()
            .map_err(|error| AppError::Conflict(error.to_string()))?;
        let kind = kind_of(row, number);
        if let Some(blob) = self.inner.store.blob_of_layer(id).await? {
            let layer = ArtifactLayer {
                digest: blob.digest,
                size: blob.size,
                unpacked: blob.unpacked,
                kind,
            };
            if layer.is_empty() {
                return Ok(layer);
            }
            if to.has(&layer.digest).await? {
                sent.reused += 1;
                return Ok(layer);
            }
        }
        tell(
            context,
            part * 99 / parts,
            &format!("packing layer {}", id.short()),
        );
        let engine = self.engine_of_container(row)?;
        let packed = self.pack_layer(&*engine, row, number, id).await?;
        let size = packed.layer.size.max(1);
        let (context, message) = (context.clone(), format!("sending layer {}", id.short()));
        let told = move |done: u64| {
            tell(&context, (part * 99 + done * 99 / size) / parts, &message);
            context.check().map_err(io::Error::other)
        };
        if !packed.layer.is_empty() {
            to.layer(&packed, told).await?;
        }
        Ok(packed.layer)
    }
}
