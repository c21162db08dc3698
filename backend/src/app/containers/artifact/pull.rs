//! The job that makes a container of an artifact in a registry.

use ctnr_images::{ArtifactOptions, RemoteArtifact};
use ctnr_model::ImageReference;
use serde::{Deserialize, Serialize};

use super::bring::{Source, Wanted, Wishes};
use crate::app::{App, AppError, Result};
use crate::jobs::{Job, JobContext, JobError, JobResult};
use crate::store::JobRow;

/// The job that makes a container of an artifact in a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullContainer {
    /// Where the artifact is.
    pub reference: String,
    /// The container.
    pub wanted: Wanted,
}

impl Job for PullContainer {
    const KIND: &'static str = "pull";
    const MAX_ATTEMPTS: u32 = 3;
}

impl App {
    /// Puts the job in the queue that makes a container of an artifact in a registry.
    pub async fn pull_container(
        &self,
        reference: &ImageReference,
        wishes: Wishes,
    ) -> Result<JobRow> {
        let wanted = self.wanted(wishes).await?;
        let reference = reference.to_string();
        self.enqueue_here(&PullContainer { reference, wanted })
            .await
    }

    /// Does [`PullContainer`].
    pub async fn make_pull(self, job: PullContainer, context: JobContext) -> JobResult {
        if let Some(made) = self.brought_before(&job.wanted).await? {
            return Ok(made);
        }
        context.check()?;
        let reference = ImageReference::parse(&job.reference).map_err(AppError::from)?;
        let artifact = RemoteArtifact::open(&reference, ArtifactOptions::default())
            .await
            .map_err(|error| JobError::from(AppError::from(error)))?;
        self.bring_artifact(&Source::Registry(Box::new(artifact)), &job.wanted, &context)
            .await
    }
}
