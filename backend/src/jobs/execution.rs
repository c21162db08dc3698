//! One job being done on this host, from its beginning to the record of its end.

use std::time::Duration;

use super::backoff::pause_after;
use super::context::JobContext;
use super::handlers::{Handlers, JobError, JobResult};
use crate::app::App;
use crate::store::{Ending, JobRow, Store, StoreError};

/// How often an execution looks at the least whether it was called off.
const BEAT: Duration = Duration::from_secs(2);

/// The least time between two records of progress.
const PROGRESS_PAUSE: Duration = Duration::from_millis(250);

/// How long an execution that is done waits for a new holder, when it has lost its lease.
const ORPHANED: Duration = Duration::from_secs(120);

/// How long a lease lasts from each beat on. Whoever finds one that has run out takes the job over.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// Does the job and records its end. Returns the row as it is then, or `None` where the job has
/// meanwhile become another's.
pub(super) async fn execute(
    app: App,
    store: Store,
    handlers: Handlers,
    context: JobContext,
) -> Option<JobRow> {
    // A task of its own: a handler that panics ends its job, and not the rest.
    let mut work = tokio::spawn(handlers.begin(app, context.clone()));
    let watched = watch_over(&store, &context);
    let result = tokio::select! {
        result = &mut work => result.unwrap_or_else(|error| {
            Err(JobError::Retry(format!("the work on it was broken off: {error}")))
        }),
        // Somebody else has the job, or it is over: what is done from here on is in vain.
        () = watched => {
            // What it has begun on threads of their own can't be aborted, and looks at this.
            context.cancel();
            work.abort();
            // It may be inside a call that can't be broken off.
            let _ = work.await;
            return None;
        }
    };
    let last_words = context.told().borrow().clone();
    if last_words.is_some() {
        // Where this fails, the record of the end meets the same fault and deals with it.
        let _ = store
            .note_progress(&context.lease(), last_words.as_ref())
            .await;
    }
    record(&store, &context, result).await
}

/// Records progress and heeds calls to cancel. The lease is kept by the one who holds it. Ends when
/// the lease is another's, who does not take the execution over.
async fn watch_over(store: &Store, context: &JobContext) {
    let (mut told, mut leases) = (context.told(), context.leases());
    let mut changes = store.watch_jobs();
    let mut recorded = None;
    loop {
        changes.borrow_and_update();
        let progress = told.borrow_and_update().clone();
        let news = progress.as_ref().filter(|_| progress != recorded);
        let lease = leases.borrow_and_update().clone();
        match store.note_progress(&lease, news).await {
            Ok(held) => {
                recorded = progress;
                if held.cancel_requested {
                    context.cancel();
                }
            }
            Err(StoreError::LeaseLost { .. }) => {
                let renewed = tokio::time::timeout(ORPHANED, leases.changed()).await;
                if renewed.is_err() {
                    return;
                }
                continue;
            }
            Err(error) => {
                tracing::warn!(job = lease.job.short(), %error, "the progress of a job could not be recorded");
            }
        }
        tokio::time::sleep(PROGRESS_PAUSE).await;
        tokio::select! {
            _ = told.changed() => {}
            _ = leases.changed() => {}
            _ = changes.changed() => {}
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}

/// Records the end until the database has it.
async fn record(store: &Store, context: &JobContext, result: JobResult) -> Option<JobRow> {
    let mut leases = context.leases();
    let ending = ending(context.job(), result);
    let mut pause = Duration::from_millis(100);
    loop {
        let lease = leases.borrow_and_update().clone();
        match store.end_job(&lease, &ending).await {
            Ok(job) => return Some(job),
            Err(StoreError::LeaseLost { .. }) => {
                // A new holder is on its way here; or the end was recorded, and the answer lost.
                let renewed = tokio::time::timeout(ORPHANED, leases.changed()).await;
                if renewed.is_err() {
                    return None;
                }
            }
            Err(error) => {
                tracing::warn!(job = lease.job.short(), %error, "the end of a job could not be recorded; trying again in {pause:?}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
        }
    }
}

fn ending(job: &JobRow, result: JobResult) -> Ending {
    match result {
        Ok(value) => Ending::Succeeded(value),
        Err(JobError::Failed(error)) => Ending::Failed(error),
        Err(JobError::Retry(error)) => Ending::Retry {
            error,
            pause: pause_after(job.attempts, rand::random()),
        },
        Err(JobError::Cancelled) => Ending::Cancelled,
    }
}
