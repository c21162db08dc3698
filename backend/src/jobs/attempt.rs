//! One attempt at a job, by the runner that claimed it.

use std::time::{Duration, Instant};

use super::execution::LEASE;
use super::executions::Performed;
use super::perform::Perform;
use crate::store::{Ending, JobRow, Store, StoreError};

/// How often the lease is prolonged.
const BEAT: Duration = Duration::from_secs(4);

/// How long the owner of a host may be away before the job goes back to the queue.
const OWNER_PATIENCE: Duration = Duration::from_secs(20);

/// How long a job rests after its host was away.
const REST: Duration = Duration::from_secs(5);

/// Has the job done, and keeps its lease until the attempt has ended.
pub(super) async fn see_through(store: &Store, perform: &dyn Perform, job: &JobRow) {
    tokio::select! {
        () = have_done(store, perform, job) => {}
        () = keep_lease(store, job) => {
            tracing::warn!(job = job.id.short(), "another has taken a job over");
        }
    }
}

async fn have_done(store: &Store, perform: &dyn Perform, job: &JobRow) {
    let mut away_since = None;
    loop {
        match perform.perform(job).await {
            Ok(Performed::Ended | Performed::Stale) => return,
            Ok(Performed::Running) => away_since = None,
            Err(error) => {
                let since = *away_since.get_or_insert_with(Instant::now);
                if since.elapsed() > OWNER_PATIENCE {
                    release(store, job, error.to_string()).await;
                    return;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

async fn release(store: &Store, job: &JobRow, error: String) {
    tracing::warn!(job = job.id.short(), %error, "a job goes back to the queue, since its host is away");
    let ending = Ending::Released {
        error: Some(error),
        pause: REST,
    };
    // Where this fails, the lease runs out, which comes to the same.
    if let Err(error) = store.end_job(&job.lease(), &ending).await {
        tracing::warn!(job = job.id.short(), %error, "a job could not be given back");
    }
}

/// Prolongs the lease for as long as it counts.
async fn keep_lease(store: &Store, job: &JobRow) {
    loop {
        tokio::time::sleep(BEAT).await;
        match store.heartbeat_job(&job.lease(), LEASE).await {
            Ok(_) => {}
            Err(StoreError::LeaseLost { .. }) => {
                // Ended by the owner, which `have_done` is about to hear, or another's.
                tokio::time::sleep(BEAT).await;
                return;
            }
            Err(error) => {
                tracing::warn!(job = job.id.short(), %error, "a job's lease could not be prolonged");
            }
        }
    }
}
