//! What a caller asks of a job: to call it off, and to try it again.

use ctnr_model::{EventAction, JobId};
use jiff::Timestamp;

use super::ended::record_end;
use super::row::{JobRow, job_columns};
use super::tell::tell;
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::time::to_column;

impl Store {
    /// Calls a job off: one that waits is over at once, one that runs is told and ends when its
    /// holder heeds it. One that is over stays what it is. `None` where there is no such job.
    pub async fn cancel_job(&self, id: &JobId) -> Result<Option<JobRow>> {
        const DOING: &str = "calling a job off";
        let failed = StoreError::while_doing(DOING);
        let mut transaction = self.begin(DOING).await?;
        let row = sqlx::query(concat!(
            "UPDATE jobs SET cancel = 1, revision = revision + 1, \
             finished_at = CASE WHEN state = 'queued' THEN $2 ELSE finished_at END, \
             state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END \
             WHERE id = $1 AND state IN ('queued', 'running') RETURNING ",
            job_columns!()
        ))
        .bind(id.to_string())
        .bind(to_column(Timestamp::now()))
        .fetch_optional(&mut *transaction)
        .await
        .map_err(&failed)?;
        let Some(row) = row else {
            transaction.rollback().await.map_err(failed)?;
            return self.job(id).await;
        };
        let job = JobRow::read(&row)?;
        if job.state.is_over() {
            let mut events = record_end(&mut transaction, &job).await?;
            events.push(tell(&job, EventAction::Finish));
            self.commit_with(transaction, &events, DOING).await?;
        } else {
            transaction.commit().await.map_err(failed)?;
            self.jobs.send_modify(|changes| *changes += 1);
        }
        Ok(Some(job))
    }

    /// Puts a job that failed, died or was cancelled in the queue again, with all its attempts.
    /// Any other stays what it is. `None` where there is no such job.
    pub async fn retry_job(&self, id: &JobId) -> Result<Option<JobRow>> {
        const DOING: &str = "putting a job in the queue again";
        let failed = StoreError::while_doing(DOING);
        let mut transaction = self.begin(DOING).await?;
        let row = sqlx::query(concat!(
            "UPDATE jobs SET state = 'queued', attempts = 0, cancel = 0, run_at = $2, \
             finished_at = NULL, progress = NULL, error = NULL, revision = revision + 1 \
             WHERE id = $1 AND state IN ('failed', 'dead', 'cancelled') RETURNING ",
            job_columns!()
        ))
        .bind(id.to_string())
        .bind(to_column(Timestamp::now()))
        .fetch_optional(&mut *transaction)
        .await
        .map_err(&failed)?;
        let Some(row) = row else {
            transaction.rollback().await.map_err(failed)?;
            return self.job(id).await;
        };
        let job = JobRow::read(&row)?;
        self.commit_with(transaction, &[tell(&job, EventAction::Retry)], DOING)
            .await?;
        Ok(Some(job))
    }
}
