//! The job that makes a container of an artifact in a registry.

use ctnr_images::{ArtifactOptions, RemoteArtifact};
use ctnr_model::{ContainerId, ContainerName, ImageReference};
use serde::{Deserialize, Serialize};

use super::bring::{Source, Wanted};
use super::consent::HostFolders;
use crate::app::{App, AppError, Result};
use crate::jobs::{Job, JobContext, JobError, JobResult};
use crate::store::JobRow;

/// An artifact in a registry to make a container of.
#[derive(Debug, Clone, PartialEq)]
pub struct PullRequest {
    /// Where it is.
    pub reference: ImageReference,
    /// The container's name; the manifest's where there is none.
    pub name: Option<ContainerName>,
    /// The runtime, instead of the one that the artifact was made on.
    pub runtime: Option<String>,
    /// What becomes of it where it asks for folders of the host.
    pub host_folders: HostFolders,
}

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
    pub async fn pull_container(&self, request: PullRequest) -> Result<JobRow> {
        self.container_engine()?;
        let wanted = Wanted {
            container: ContainerId::from_random(rand::random()),
            name: request.name,
            runtime: request.runtime,
            host_folders: request.host_folders,
        };
        self.refuse_taken(wanted.name.as_ref()).await?;
        let reference = request.reference.to_string();
        let mut job = PullContainer { reference, wanted }.to_row()?;
        job.host = Some(self.inner.installation.clone());
        Ok(self.enqueue_job(&job).await?.job)
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
