//! Jobs: work that goes on after the answer.

use ctnr_api::{Job, JobList, JobListQuery};

use crate::{Answer, Client, Result, Stream};

const JOBS: [&str; 2] = ["api", "jobs"];

impl Client {
    /// One page of the jobs, newest first.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn list_jobs(&self, query: &JobListQuery) -> Result<Answer<JobList>> {
        self.get(&JOBS).query(query)?.fetch().await
    }

    /// A job, by its id or the unique start of it.
    ///
    /// # Errors
    /// As for [`Client::list_jobs`].
    pub async fn inspect_job(&self, job: &str) -> Result<Answer<Job>> {
        self.get(&[JOBS[0], JOBS[1], job]).fetch().await
    }

    /// Calls a job off: one that waits is over at once, one that runs ends as soon as it can.
    ///
    /// # Errors
    /// As for [`Client::list_jobs`].
    pub async fn cancel_job(&self, job: &str) -> Result<Answer<Job>> {
        self.delete(&[JOBS[0], JOBS[1], job]).fetch().await
    }

    /// Puts a job that failed, died or was cancelled in the queue again.
    ///
    /// # Errors
    /// As for [`Client::list_jobs`].
    pub async fn retry_job(&self, job: &str) -> Result<Answer<Job>> {
        self.post(&[JOBS[0], JOBS[1], job, "retry"]).fetch().await
    }

    /// A job as it is, and again with each change, until it is over.
    ///
    /// # Errors
    /// As for [`Client::list_jobs`].
    pub async fn watch_job(&self, job: &str) -> Result<Stream<Answer<Job>>> {
        self.get(&[JOBS[0], JOBS[1], job, "events"]).lines().await
    }
}
