//! The jobs that are being done on this host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ctnr_model::{JobId, JobState};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::context::JobContext;
use super::execution::execute;
use super::handlers::Handlers;
use crate::app::App;
use crate::store::{JobRow, Lease, Store, StoreError};

/// What has come of a job that the owner of a host was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Performed {
    /// It goes on; ask again.
    Running,
    /// The attempt has ended, and its end is recorded.
    Ended,
    /// The lease is not the one that counts.
    Stale,
}

/// The jobs that are being done on this host: each once, whoever holds its lease. A clone means
/// the same ones.
#[derive(Clone)]
pub struct Executions {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    handlers: Handlers,
    running: Mutex<HashMap<JobId, Running>>,
    tasks: TaskTracker,
}

#[derive(Clone)]
struct Running {
    context: JobContext,
    ended: watch::Receiver<bool>,
}

impl Executions {
    /// Nothing is being done yet.
    pub fn new(store: Store, handlers: Handlers) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                handlers,
                running: Mutex::default(),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// Begins a job under a lease, or takes the execution that there is over, and waits up to
    /// `patience` for its end.
    ///
    /// # Errors
    /// Where the database does not say whether the lease counts.
    pub async fn perform(
        &self,
        app: &App,
        lease: &Lease,
        patience: Duration,
    ) -> Result<Performed, StoreError> {
        let job = self.inner.store.job(&lease.job).await?;
        let Some(job) = job.filter(|job| job.fence == lease.fence) else {
            return Ok(Performed::Stale);
        };
        if job.state != JobState::Running {
            return Ok(Performed::Ended);
        }
        let mut ended = self.join(app, job).ended;
        let waited = tokio::time::timeout(patience, ended.wait_for(|ended| *ended)).await;
        Ok(match waited {
            Ok(_) => Performed::Ended,
            Err(_) => Performed::Running,
        })
    }

    /// Waits until nothing is being done any more, or the time is up. Returns whether all ended.
    pub async fn drain(&self, patience: Duration) -> bool {
        self.inner.tasks.close();
        tokio::time::timeout(patience, self.inner.tasks.wait())
            .await
            .is_ok()
    }

    fn join(&self, app: &App, job: JobRow) -> Running {
        let mut running = open(&self.inner.running);
        if let Some(there) = running.get(&job.id) {
            there.context.renew(job.lease());
            return there.clone();
        }
        let (done, ended) = watch::channel(false);
        let context = JobContext::new(job);
        let begun = Running {
            context: context.clone(),
            ended,
        };
        running.insert(context.job().id.clone(), begun.clone());
        let (this, app) = (self.clone(), app.clone());
        self.inner.tasks.spawn(async move {
            let id = context.job().id.clone();
            let Inner { store, handlers, .. } = &*this.inner;
            let end = execute(app, store.clone(), handlers.clone(), context).await;
            open(&this.inner.running).remove(&id);
            done.send_replace(true);
            if let Some(job) = end {
                tracing::info!(job = job.id.short(), kind = %job.kind, state = %job.state, "an attempt at a job has ended");
            }
        });
        begun
    }
}

/// Nothing that is done under this lock can panic half-way, so a poisoned one is as good.
fn open(map: &Mutex<HashMap<JobId, Running>>) -> MutexGuard<'_, HashMap<JobId, Running>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
