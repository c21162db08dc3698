//! Who does which kind of job.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::context::JobContext;
use super::job::Job;
use super::redis::request_container;
use crate::app::{App, AppError};

/// What came of an attempt at a job: what is shown as its result.
pub type JobResult = Result<serde_json::Value, JobError>;

/// An attempt at a job did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Trying again would not help.
    #[error("{0}")]
    Failed(String),
    /// Trying again later may help.
    #[error("{0}")]
    Retry(String),
    /// It was called off, and the handler has put everything in order.
    #[error("it was called off")]
    Cancelled,
}

impl From<AppError> for JobError {
    fn from(error: AppError) -> Self {
        let message = error.to_string();
        match error {
            AppError::BadRequest(_)
            | AppError::NotFound(_)
            | AppError::Conflict(_)
            | AppError::CommandNotFound(_)
            | AppError::CommandNotExecutable(_)
            | AppError::TooLarge(_)
            | AppError::Unsupported(_)
            | AppError::Forbidden(_) => Self::Failed(message),
            AppError::Timeout(_) | AppError::Unavailable(_) | AppError::Internal(_) => {
                Self::Retry(message)
            }
        }
    }
}

type Handler = Arc<dyn Fn(App, &str, JobContext) -> BoxFuture<'static, JobResult> + Send + Sync>;

/// The handlers, by the kind of job. They run in the process that owns the host.
#[derive(Clone, Default)]
pub struct Handlers {
    by_kind: BTreeMap<&'static str, Handler>,
}

impl Handlers {
    /// The handlers of the product.
    pub fn standard() -> Self {
        Self::default()
            .with(App::make_container)
            .with(App::make_runtime)
            .with(App::make_capture)
            .with(App::make_import)
            .with(App::make_push)
            .with(App::make_pull)
            .with(request_container)
    }

    /// Adds the handler of a kind of job, in the place of an earlier one.
    ///
    /// A handler may be broken off at any moment and called again, by the end of the process for
    /// one: it goes on with what it finds. What it writes to the database under
    /// [`JobContext::lease`] counts only while the job is its own. It ends early when
    /// [`JobContext::cancelled`] says so.
    #[must_use]
    pub fn with<J, F, Work>(mut self, handler: F) -> Self
    where
        J: Job,
        F: Fn(App, J, JobContext) -> Work + Send + Sync + 'static,
        Work: Future<Output = JobResult> + Send + 'static,
    {
        let typed: Handler =
            Arc::new(
                move |app, payload, context| match serde_json::from_str::<J>(payload) {
                    Ok(job) => handler(app, job, context).boxed(),
                    Err(error) => {
                        let message =
                            format!("the payload of this {} job can't be read: {error}", J::KIND);
                        std::future::ready(Err(JobError::Failed(message))).boxed()
                    }
                },
            );
        self.by_kind.insert(J::KIND, typed);
        self
    }

    /// Begins the work on a job.
    pub(super) fn begin(&self, app: App, context: JobContext) -> BoxFuture<'static, JobResult> {
        let job = context.job();
        match self.by_kind.get(job.kind.as_str()) {
            Some(handler) => handler(app, &job.payload, context.clone()),
            None => {
                // A later version of the program may have put it in the queue and may do it.
                let message = format!("this version of the backend does no {} jobs", job.kind);
                std::future::ready(Err(JobError::Retry(message))).boxed()
            }
        }
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.by_kind.keys()).finish()
    }
}
