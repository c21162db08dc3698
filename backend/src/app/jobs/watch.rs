//! A job, each time that it changes.

use ctnr_engine::Stream;
use ctnr_model::JobId;
use futures::StreamExt;
use tokio::sync::watch;

use super::POLL;
use crate::app::{App, Result};
use crate::store::JobRow;

impl App {
    /// The job as it is, and again with every change that leads beyond revision `after`, until it
    /// is over or the platform stops. The stream ends after an error.
    pub fn watch_job(&self, id: JobId, after: Option<u64>) -> Stream<Result<JobRow>> {
        let watching = Watching {
            app: self.clone(),
            changes: self.inner.store.watch_jobs(),
            id,
            after,
            done: false,
        };
        futures::stream::unfold(watching, Watching::next).boxed()
    }
}

struct Watching {
    app: App,
    changes: watch::Receiver<u64>,
    id: JobId,
    after: Option<u64>,
    done: bool,
}

impl Watching {
    async fn next(mut self) -> Option<(Result<JobRow>, Self)> {
        loop {
            if self.done {
                return None;
            }
            self.changes.borrow_and_update();
            match self.app.inner.store.job(&self.id).await {
                Ok(Some(job)) if self.after.is_none_or(|after| job.revision > after) => {
                    self.after = Some(job.revision);
                    self.done = job.state.is_over();
                    return Some((Ok(job), self));
                }
                // Seen before, or removed.
                Ok(Some(job)) if !job.state.is_over() => {}
                Ok(_) => return None,
                Err(error) => {
                    self.done = true;
                    return Some((Err(error.into()), self));
                }
            }
            tokio::select! {
                () = self.app.inner.closing.cancelled() => return None,
                _ = self.changes.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}
