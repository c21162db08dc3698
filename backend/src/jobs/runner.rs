//! Claiming jobs, as many at a time as one process does.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::attempt::see_through;
use super::execution::LEASE;
use super::perform::Perform;
use crate::store::{Claimant, Store, StoreError};

/// How often the queue is looked at where nobody wakes the runner.
const POLL: Duration = Duration::from_secs(1);

/// For how long a worker that was seen counts as being at work.
pub(super) const WORKER_PATIENCE: Duration = Duration::from_secs(10);

/// How a runner goes about it.
#[derive(Debug, Clone)]
pub struct RunnerConfig {
    /// Its name, which the jobs that it holds show.
    pub name: String,
    /// The installations whose jobs it takes, beside those that any may; `None` for all.
    pub hosts: Option<Vec<String>>,
    /// How many jobs it has under way at once.
    pub concurrency: usize,
    /// Whether it leaves jobs to workers while there are any.
    pub yields_to_workers: bool,
}

/// Claims jobs and sees them through.
pub struct Runner {
    store: Store,
    perform: Arc<dyn Perform>,
    config: RunnerConfig,
    stopping: CancellationToken,
    attempts: TaskTracker,
}

impl Runner {
    /// A runner that stops to claim when `stopping` is cancelled.
    pub fn new(
        store: Store,
        perform: Arc<dyn Perform>,
        config: RunnerConfig,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            store,
            perform,
            config,
            stopping,
            attempts: TaskTracker::new(),
        }
    }

    /// Claims jobs until it is to stop, and returns when the attempts under way have ended.
    pub async fn run(self) {
        let claimant = Claimant {
            name: self.config.name.clone(),
            hosts: self.config.hosts.clone(),
            lease: LEASE,
        };
        let places = Arc::new(Semaphore::new(self.config.concurrency.max(1)));
        let mut changes = self.store.watch_jobs();
        let mut failing = false;
        loop {
            let place = tokio::select! {
                place = places.clone().acquire_owned() => place,
                () = self.stopping.cancelled() => break,
            };
            // Marked as seen before the look, so that what comes during it wakes the wait.
            changes.borrow_and_update();
            match self.claim(&claimant).await {
                Ok(Some(job)) => {
                    failing = false;
                    tracing::info!(job = job.id.short(), kind = %job.kind, attempt = job.attempts, "a job was taken");
                    let (store, perform) = (self.store.clone(), self.perform.clone());
                    self.attempts.spawn(async move {
                        see_through(&store, &*perform, &job).await;
                        drop(place);
                    });
                    continue;
                }
                Ok(None) => failing = false,
                Err(error) if failing => tracing::debug!(%error, "the queue can't be looked at"),
                Err(error) => {
                    failing = true;
                    tracing::warn!(%error, "the queue can't be looked at; trying again");
                }
            }
            drop(place);
            tokio::select! {
                () = self.stopping.cancelled() => break,
                _ = changes.changed(), if !failing => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        self.attempts.close();
        self.attempts.wait().await;
    }

    async fn claim(&self, claimant: &Claimant) -> Result<Option<crate::store::JobRow>, StoreError> {
        if self.config.yields_to_workers
            && !self.store.workers_seen(WORKER_PATIENCE).await?.is_empty()
        {
            return Ok(None);
        }
        self.store.claim_job(claimant).await
    }
}
