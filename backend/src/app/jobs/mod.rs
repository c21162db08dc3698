//! Jobs, as callers see them.

mod embedded;
mod place;
mod presence;
mod watch;

pub(super) use embedded::{do_jobs, prune_jobs};
pub(super) use place::Hosts;
pub use place::{Place, Subject};
pub use presence::Reach;
pub(super) use presence::{KNOWN, announce};

use std::time::Duration;

use ctnr_model::JobId;

use super::{App, AppError, Result};
use crate::jobs::Job;
use crate::store::{Enqueued, JobFilter, JobRow, NewJob, Page, PageRequest};

/// How often a job is looked at where another process may have changed it.
const POLL: Duration = Duration::from_millis(500);

impl App {
    /// A page of the jobs, newest first.
    pub async fn list_jobs(&self, filter: &JobFilter, page: &PageRequest) -> Result<Page<JobRow>> {
        Ok(self.inner.store.list_jobs(filter, page).await?)
    }

    /// Puts a job in the queue that belongs to no other change.
    pub async fn enqueue_job(&self, job: &NewJob) -> Result<Enqueued> {
        Ok(self.inner.store.enqueue_job(job).await?)
    }

    /// Puts a job in the queue that has to be done on this host.
    pub(in crate::app) async fn enqueue_here(&self, job: &impl Job) -> Result<JobRow> {
        let mut job = job.to_row()?;
        job.host = Some(self.inner.installation.clone());
        Ok(self.enqueue_job(&job).await?.job)
    }

    /// The job that a text means: its id, or the unique beginning of one.
    ///
    /// # Errors
    /// [`AppError::NotFound`], and [`AppError::Conflict`] where the ids of several begin so.
    pub async fn job(&self, query: &str) -> Result<JobRow> {
        if let Ok(id) = JobId::parse(query) {
            let job = self.inner.store.job(&id).await?;
            return job.ok_or_else(|| not_found(query));
        }
        let is_prefix = (1..64).contains(&query.len())
            && query
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_prefix {
            return Err(not_found(query));
        }
        let mut found = self.inner.store.jobs_by_prefix(query).await?;
        match (found.pop(), found.pop()) {
            (Some(job), None) => Ok(job),
            (None, _) => Err(not_found(query)),
            (Some(_), Some(_)) => Err(AppError::Conflict(format!(
                "several jobs have ids that begin with {query}; give more digits"
            ))),
        }
    }

    /// Calls a job off. One that waits is over at once; one that runs ends as soon as it can; one
    /// that was called off before stays so.
    ///
    /// # Errors
    /// [`AppError::Conflict`] for a job that is over otherwise.
    pub async fn cancel_job(&self, query: &str) -> Result<JobRow> {
        let id = self.job(query).await?.id;
        let job = self.inner.store.cancel_job(&id).await?;
        let job = job.ok_or_else(|| not_found(query))?;
        if job.state.is_over() && !job.cancel_requested {
            return Err(AppError::Conflict(format!(
                "job {} is over ({}); there is nothing to call off",
                job.id.short(),
                job.state
            )));
        }
        Ok(job)
    }

    /// Puts a job that failed, died or was cancelled in the queue again, with all its attempts.
    ///
    /// # Errors
    /// [`AppError::Conflict`] for a job in another state.
    pub async fn retry_job(&self, query: &str) -> Result<JobRow> {
        let before = self.job(query).await?;
        if before.state.can_be_retried() {
            let job = self.inner.store.retry_job(&before.id).await?;
            return job.ok_or_else(|| not_found(query));
        }
        Err(AppError::Conflict(format!(
            "job {} is {}; only one that failed, died or was cancelled can be tried again",
            before.id.short(),
            before.state
        )))
    }

    /// Waits up to `patience` until a job is over, and returns what it is then.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for one that is not there, and where the database does not answer.
    pub async fn wait_for_job(&self, id: &JobId, patience: Duration) -> Result<JobRow> {
        let mut changes = self.inner.store.watch_jobs();
        let end = tokio::time::Instant::now() + patience;
        loop {
            // Marked as seen before the read, so that what is written during it wakes the wait.
            changes.borrow_and_update();
            let job = self.inner.store.job(id).await?;
            let job = job.ok_or_else(|| not_found(id.as_str()))?;
            if job.state.is_over() || tokio::time::Instant::now() >= end {
                return Ok(job);
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep(POLL) => {}
                () = tokio::time::sleep_until(end) => {}
            }
        }
    }
}

fn not_found(query: &str) -> AppError {
    AppError::NotFound(format!(
        "job {query} not found; jobs that have long been over are removed"
    ))
}
