//! Having a job done, here or elsewhere.

use std::time::Duration;

use async_trait::async_trait;

use super::executions::{Executions, Performed};
use crate::app::App;
use crate::store::JobRow;

/// Has jobs done by those who own the hosts.
#[async_trait]
pub trait Perform: Send + Sync + 'static {
    /// Asks for the job, which this process has claimed, to be done, and waits a while for its end.
    /// Asking again is harmless.
    ///
    /// # Errors
    /// [`PerformError`] where the owner of the host can't be asked.
    async fn perform(&self, job: &JobRow) -> Result<Performed, PerformError>;
}

/// The owner of a job's host can't be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PerformError(pub String);

/// Does jobs in this process, which owns the host.
pub struct Local {
    /// The use cases that handlers need.
    pub app: App,
    /// What is being done.
    pub executions: Executions,
}

#[async_trait]
impl Perform for Local {
    async fn perform(&self, job: &JobRow) -> Result<Performed, PerformError> {
        const PATIENCE: Duration = Duration::from_secs(60);
        self.executions
            .perform(&self.app, &job.lease(), PATIENCE)
            .await
            .map_err(|error| PerformError(error.to_string()))
    }
}
