//! Building a runtime.

use std::path::{Path, PathBuf};

use ctnr_engine::SandboxEngine;
use ctnr_model::{ImageReference, JobProgress};
use ctnr_wine::{BuildError, Flow, Progress, layout, recipe};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::app::{App, AppError};
use crate::jobs::{Job, JobContext, JobError, JobResult};
use crate::store::JobRow;

/// The job that builds a runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildRuntime {
    /// Build it though there is one of the same recipe.
    pub force: bool,
}

impl Job for BuildRuntime {
    const KIND: &'static str = "runtime_build";
    const MAX_ATTEMPTS: u32 = 3;
}

/// How far the building is, in percent, when the image begins to be taken over.
const BUILT: u64 = 90;

impl App {
    /// Puts the job in the queue that builds a runtime on this host.
    pub async fn build_runtime(&self, force: bool) -> Result<JobRow, AppError> {
        self.container_engine()?;
        let missing = ctnr_wine::missing();
        if !missing.is_empty() {
            return Err(AppError::Unsupported(
                BuildError::Missing(missing).to_string(),
            ));
        }
        self.enqueue_here(&BuildRuntime { force }).await
    }

    /// Does [`BuildRuntime`].
    pub async fn make_runtime(self, job: BuildRuntime, context: JobContext) -> JobResult {
        let engine = self.container_engine()?;
        if !job.force
            && let Some(there) = self.runtime_of_recipe(&*engine).await?
        {
            return Ok(serde_json::json!({ "runtime": there, "built": false }));
        }
        // One at a time: two would only take each other's processors.
        let _turn = tokio::select! {
            turn = self.inner.building.lock() => turn,
            () = context.cancelled() => return Err(JobError::Cancelled),
        };
        let scratch = self.inner.scratch.join(context.job().id.short());
        let built = self.build_in(&*engine, &scratch, &context).await;
        remove(scratch).await?;
        built?;
        let there = self.runtime_of_recipe(&*engine).await?;
        Ok(serde_json::json!({ "runtime": there, "built": true }))
    }

    /// The digest of the runtime that this program's recipe makes, where it is there.
    async fn runtime_of_recipe(
        &self,
        engine: &dyn SandboxEngine,
    ) -> Result<Option<String>, AppError> {
        let wanted = recipe::digest();
        for image in engine.images().list().await? {
            if image.labels.get(layout::RECIPE_LABEL) == Some(&wanted) {
                let details = engine.images().inspect(&image.id.to_string()).await?;
                return Ok(details.manifest.map(|digest| digest.to_string()));
            }
        }
        Ok(None)
    }

    async fn build_in(
        &self,
        engine: &dyn SandboxEngine,
        scratch: &Path,
        context: &JobContext,
    ) -> Result<(), JobError> {
        // What an attempt before this one may have left.
        remove(scratch.to_owned()).await?;
        let archive = blocking({
            let (scratch, context) = (scratch.to_owned(), context.clone());
            move || build(&scratch, &context)
        })
        .await?;
        context.check()?;
        context.progress(JobProgress {
            done: BUILT,
            total: Some(100),
            message: "taking the image over".to_owned(),
        });
        let file = tokio::fs::File::open(&archive)
            .await
            .map_err(|error| failed("opening the archive", &error))?;
        let (progress, mut told) = mpsc::channel(1);
        let listening = tokio::spawn(async move { while told.recv().await.is_some() {} });
        let imported = engine.images().import(Box::new(file), progress).await;
        listening.abort();
        imported.map_err(AppError::from)?;
        let further = ImageReference::parse(layout::VERSIONED_IMAGE).map_err(AppError::from)?;
        let tagged = engine.images().tag(layout::IMAGE, &further).await;
        Ok(tagged.map_err(AppError::from)?)
    }
}

/// Makes the archive of the runtime below `scratch`.
fn build(scratch: &Path, context: &JobContext) -> Result<PathBuf, JobError> {
    std::fs::create_dir_all(scratch).map_err(|error| failed("making its folder", &error))?;
    let tell = |progress: &Progress| {
        context.progress(JobProgress {
            done: u64::from(progress.percent) * BUILT / 100,
            total: Some(100),
            message: match progress.detail.as_str() {
                "" => progress.stage.as_str().to_owned(),
                detail => format!("{}: {detail}", progress.stage.as_str()),
            },
        });
        match context.check() {
            Ok(()) => Flow::GoOn,
            Err(_) => Flow::Cancel,
        }
    };
    let runtime =
        ctnr_wine::build(&scratch.join("system"), &tell).map_err(|error| match error {
            BuildError::Cancelled => JobError::Cancelled,
            BuildError::Architecture(_) | BuildError::Missing(_) => {
                JobError::Failed(error.to_string())
            }
            error => JobError::Retry(error.to_string()),
        })?;
    let archive = scratch.join("image.tar");
    let file =
        std::fs::File::create(&archive).map_err(|error| failed("making the archive", &error))?;
    runtime
        .write_archive(ctnr_wine::Compression::None, file)
        .map_err(|error| JobError::Retry(error.to_string()))?;
    Ok(archive)
}

fn failed(doing: &str, error: &std::io::Error) -> JobError {
    JobError::Retry(format!("building the runtime, {doing}: {error}"))
}

/// Removes a folder, where it is there.
async fn remove(folder: PathBuf) -> Result<(), JobError> {
    blocking(move || match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(failed("removing what it left", &error))
        }
        _ => Ok(()),
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, JobError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| JobError::Retry(format!("building the runtime was broken off: {error}")))?
}
