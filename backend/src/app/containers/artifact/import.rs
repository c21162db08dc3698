//! The job that makes a container of an artifact in an upload.

use ctnr_images::artifact::ArchivedArtifact;
use ctnr_model::{ContainerId, ContainerName};
use serde::{Deserialize, Serialize};

use super::bring::{Source, Wanted};
use super::consent::HostFolders;
use crate::app::{App, AppError, Result, UploadId};
use crate::jobs::{Job, JobContext, JobError, JobResult};
use crate::store::JobRow;

/// An artifact to make a container of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportRequest {
    /// The upload with its bytes.
    pub upload: String,
    /// The container's name; the manifest's where there is none.
    pub name: Option<ContainerName>,
    /// The runtime, instead of the one that the artifact was made on.
    pub runtime: Option<String>,
    /// What becomes of it where it asks for folders of the host.
    pub host_folders: HostFolders,
}

/// The job that makes a container of an artifact in an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportContainer {
    /// The artifact.
    pub upload: UploadId,
    /// The container.
    pub wanted: Wanted,
}

impl Job for ImportContainer {
    const KIND: &'static str = "import";
    const MAX_ATTEMPTS: u32 = 3;
}

impl App {
    /// Puts the job in the queue that makes a container of an artifact.
    pub async fn import_container(&self, request: ImportRequest) -> Result<JobRow> {
        self.container_engine()?;
        let upload = UploadId::parse(&request.upload)?;
        self.upload(&upload).await?;
        let wanted = Wanted {
            container: ContainerId::from_random(rand::random()),
            name: request.name,
            runtime: request.runtime,
            host_folders: request.host_folders,
        };
        self.refuse_taken(wanted.name.as_ref()).await?;
        let mut job = ImportContainer { upload, wanted }.to_row()?;
        job.host = Some(self.inner.installation.clone());
        Ok(self.enqueue_job(&job).await?.job)
    }

    /// Does [`ImportContainer`].
    pub async fn make_import(self, job: ImportContainer, context: JobContext) -> JobResult {
        if let Some(made) = self.brought_before(&job.wanted).await? {
            return Ok(made);
        }
        context.check()?;
        // It may be gone since the request.
        self.upload(&job.upload).await?;
        let path = self.inner.uploads.path(&job.upload);
        let artifact = ArchivedArtifact::open(&path)
            .await
            .map_err(|error| JobError::from(AppError::from(error)))?;
        self.bring_artifact(&Source::Archive(artifact), &job.wanted, &context)
            .await
    }
}
