//! What the holder of a lease writes.

use std::time::Duration;

use ctnr_model::{EventAction, JobProgress};
use jiff::Timestamp;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

use super::claim::Lease;
use super::ended::record_end;
use super::row::{JobRow, job_columns};
use super::tell::tell;
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::time::to_column;

/// How an attempt at a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// It is done, with this to show for it.
    Succeeded(serde_json::Value),
    /// It can't be done, and trying again would not help.
    Failed(String),
    /// It did not work this time; after the pause it may. The last attempt makes a dead letter.
    Retry {
        /// What went wrong.
        error: String,
        /// How long to wait.
        pause: Duration,
    },
    /// It was called off.
    Cancelled,
    /// It could not be begun, and the job is not to blame: the attempt does not count.
    Released {
        /// What stood in the way.
        error: Option<String>,
        /// How long to wait.
        pause: Duration,
    },
}

/// What a heartbeat learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Whether the job is to be called off.
    pub cancel_requested: bool,
}

impl Store {
    /// Prolongs a lease.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn heartbeat_job(&self, lease: &Lease, lasting: Duration) -> Result<Held> {
        let until = Timestamp::now()
            .saturating_add(lasting)
            .unwrap_or(Timestamp::MAX);
        self.hold_on(
            sqlx::query(
                "UPDATE jobs SET lease_until = $3 \
                 WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING cancel",
            )
            .bind(lease.job.to_string())
            .bind(lease.fence)
            .bind(to_column(until)),
            lease,
        )
        .await
    }

    /// Records how far a job has come, where that is given; the lease lasts no longer for it.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn note_progress(
        &self,
        lease: &Lease,
        progress: Option<&JobProgress>,
    ) -> Result<Held> {
        let Some(progress) = progress else {
            return self
                .hold_on(
                    sqlx::query(
                        "SELECT cancel FROM jobs \
                         WHERE id = $1 AND fence = $2 AND state = 'running'",
                    )
                    .bind(lease.job.to_string())
                    .bind(lease.fence),
                    lease,
                )
                .await;
        };
        let progress = serde_json::to_string(progress)
            .map_err(|error| StoreError::damaged("a job's progress", error))?;
        let held = self
            .hold_on(
                sqlx::query(
                    "UPDATE jobs SET revision = revision + 1, progress = $3 \
                     WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING cancel",
                )
                .bind(lease.job.to_string())
                .bind(lease.fence)
                .bind(progress),
                lease,
            )
            .await?;
        self.wake_jobs();
        Ok(held)
    }

    /// Runs a statement that finds a row, with its call to cancel, only while the lease counts.
    async fn hold_on(
        &self,
        statement: Query<'_, Any, AnyArguments>,
        lease: &Lease,
    ) -> Result<Held> {
        let failed = StoreError::while_doing("keeping a job's lease");
        let row = statement
            .fetch_optional(&self.writer)
            .await
            .map_err(&failed)?
            .ok_or_else(|| StoreError::LeaseLost {
                job: lease.job.clone(),
            })?;
        let cancel: i64 = row.try_get(0).map_err(failed)?;
        Ok(Held {
            cancel_requested: cancel != 0,
        })
    }

    /// Notes which installation's host a job is done on, where it was left open.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn assign_job(&self, lease: &Lease, installation: &str) -> Result<()> {
        let assigned = sqlx::query(
            "UPDATE jobs SET host = $3 WHERE id = $1 AND fence = $2 AND state = 'running'",
        )
        .bind(lease.job.to_string())
        .bind(lease.fence)
        .bind(installation.to_owned())
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing("giving a job to a host"))?;
        if assigned.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::LeaseLost {
                job: lease.job.clone(),
            })
        }
    }

    /// Records how an attempt ended, and gives the lease back.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn end_job(&self, lease: &Lease, ending: &Ending) -> Result<JobRow> {
        const DOING: &str = "recording how a job ended";
        let failed = StoreError::while_doing(DOING);
        let now = Timestamp::now();
        let change = Change::of(ending, now)?;
        let mut transaction = self.begin(DOING).await?;
        let row = sqlx::query(AssertSqlSafe(format!(
            "UPDATE jobs SET {}, run_at = COALESCE($5, run_at), holder = NULL, lease_until = NULL, \
             revision = revision + 1 WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING {}",
            change.sql,
            job_columns!()
        )))
        .bind(lease.job.to_string())
        .bind(lease.fence)
        .bind(to_column(now))
        .bind(change.text)
        .bind(change.run_at.map(to_column))
        .fetch_optional(&mut *transaction)
        .await
        .map_err(&failed)?;
        let Some(row) = row else {
            transaction.rollback().await.map_err(failed)?;
            return Err(StoreError::LeaseLost {
                job: lease.job.clone(),
            });
        };
        let job = JobRow::read(&row)?;
        let mut events = Vec::new();
        if job.state.is_over() {
            events.extend(record_end(&mut transaction, &job).await?);
            events.push(tell(&job, EventAction::Finish));
        } else {
            events.push(tell(&job, EventAction::Retry));
        }
        self.commit_with(transaction, &events, DOING).await?;
        Ok(job)
    }
}

/// The columns that an ending sets: `$3` is the time, `$4` the text.
struct Change {
    sql: &'static str,
    text: Option<String>,
    run_at: Option<Timestamp>,
}

impl Change {
    fn of(ending: &Ending, now: Timestamp) -> Result<Self> {
        let (sql, text, run_at) = match ending {
            Ending::Succeeded(result) => {
                let result = serde_json::to_string(result)
                    .map_err(|error| StoreError::damaged("a job's result", error))?;
                (
                    "state = 'succeeded', finished_at = $3, result = $4, error = NULL",
                    Some(result),
                    None,
                )
            }
            Ending::Failed(error) => (
                "state = 'failed', finished_at = $3, error = $4",
                Some(error.clone()),
                None,
            ),
            // A cancelled job is not tried again, whatever its holder makes of the interruption.
            Ending::Retry { error, pause } => (
                "state = CASE WHEN cancel <> 0 THEN 'cancelled' \
                 WHEN attempts < max_attempts THEN 'queued' ELSE 'dead' END, \
                 finished_at = CASE WHEN cancel = 0 AND attempts < max_attempts \
                 THEN NULL ELSE $3 END, error = $4",
                Some(error.clone()),
                Some(now.saturating_add(*pause).unwrap_or(Timestamp::MAX)),
            ),
            Ending::Cancelled => (
                "state = 'cancelled', finished_at = $3, error = COALESCE($4, error)",
                None,
                None,
            ),
            Ending::Released { error, pause } => (
                "state = CASE WHEN cancel <> 0 THEN 'cancelled' ELSE 'queued' END, \
                 attempts = attempts - 1, error = COALESCE($4, error), \
                 finished_at = CASE WHEN cancel <> 0 THEN $3 ELSE NULL END",
                error.clone(),
                Some(now.saturating_add(*pause).unwrap_or(Timestamp::MAX)),
            ),
        };
        Ok(Self { sql, text, run_at })
    }
}
