//! What a handler has at hand.

use std::sync::Arc;

use ctnr_model::JobProgress;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::handlers::JobError;
use crate::store::{JobRow, Lease};

/// The job that a handler works on, and the way to tell of it. A clone means the same job.
#[derive(Clone, Debug)]
pub struct JobContext {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    job: JobRow,
    lease: watch::Sender<Lease>,
    progress: watch::Sender<Option<JobProgress>>,
    cancelled: CancellationToken,
}

impl JobContext {
    pub(super) fn new(job: JobRow) -> Self {
        Self {
            inner: Arc::new(Inner {
                lease: watch::Sender::new(job.lease()),
                progress: watch::Sender::new(None),
                cancelled: CancellationToken::new(),
                job,
            }),
        }
    }

    /// The job, as it was when the work on it began.
    pub fn job(&self) -> &JobRow {
        &self.inner.job
    }

    /// The lease that counts at this moment.
    pub fn lease(&self) -> Lease {
        self.inner.lease.borrow().clone()
    }

    /// Says how far the job has come. Cheap: what comes faster than it can be recorded is left out.
    pub fn progress(&self, progress: JobProgress) {
        self.inner.progress.send_replace(Some(progress));
    }

    /// Waits until the job is called off. Handlers choose where they can stop, put things in order
    /// and answer [`JobError::Cancelled`].
    pub async fn cancelled(&self) {
        self.inner.cancelled.cancelled().await;
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// [`JobError::Cancelled`] where the job was called off.
    pub fn check(&self) -> Result<(), JobError> {
        if self.inner.cancelled.is_cancelled() {
            Err(JobError::Cancelled)
        } else {
            Ok(())
        }
    }

    pub(super) fn leases(&self) -> watch::Receiver<Lease> {
        self.inner.lease.subscribe()
    }

    pub(super) fn told(&self) -> watch::Receiver<Option<JobProgress>> {
        self.inner.progress.subscribe()
    }

    /// Goes on under a later lease of the same job.
    pub(super) fn renew(&self, lease: Lease) {
        self.inner.lease.send_if_modified(|current| {
            let later = lease.fence > current.fence;
            if later {
                *current = lease;
            }
            later
        });
    }

    pub(super) fn cancel(&self) {
        self.inner.cancelled.cancel();
    }
}
