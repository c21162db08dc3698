//! The job that makes a container of an artifact in an upload.

use ctnr_images::artifact::ArchivedArtifact;
use serde::{Deserialize, Serialize};

use super::bring::{Source, Wanted, Wishes};
use crate::app::{App, AppError, Result, UploadId};
use crate::jobs::{Job, JobContext, JobError, JobResult};
use crate::store::JobRow;

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
    pub async fn import_container(&self, upload: &str, wishes: Wishes) -> Result<JobRow> {
        let upload = UploadId::parse(upload)?;
        self.upload(&upload).await?;
        let wanted = self.wanted(wishes).await?;
        self.enqueue_here(&ImportContainer { upload, wanted }).await
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
