//! Putting jobs in the queue.

use ctnr_model::{ContainerId, EventAction, JobId, JobKind, JobState};
use jiff::Timestamp;
use sqlx::{Any, AssertSqlSafe, Transaction};

use super::row::{JobRow, job_columns};
use super::tell::tell;
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::events::NewEvent;
use crate::store::time::to_column;

const DOING: &str = "putting a job in the queue";

/// Who comes first among the jobs that wait. Among equals the one that waits longest does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Priority {
    /// When nothing else is to be done.
    Low,
    /// As most.
    #[default]
    Normal,
    /// A caller waits for it.
    High,
}

impl Priority {
    /// The number in the database.
    pub fn rank(self) -> i64 {
        match self {
            Self::Low => -10,
            Self::Normal => 0,
            Self::High => 10,
        }
    }
}

/// A job that is to be put in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// What it is told, as JSON.
    pub payload: String,
    /// Who comes first.
    pub priority: Priority,
    /// How often it may be begun.
    pub max_attempts: u32,
    /// Nobody begins it before; at once where it is missing.
    pub run_at: Option<Timestamp>,
    /// Of two jobs of a kind with the same key, the second is the first.
    pub idempotency_key: Option<String>,
    /// The installation whose host it needs; any where it is missing.
    pub host: Option<String>,
    /// The container that it is about.
    pub container_id: Option<ContainerId>,
}

impl NewJob {
    /// How often a job may be begun where nothing else is said.
    pub const MAX_ATTEMPTS: u32 = 5;

    /// A job with a new id that any host may do.
    ///
    /// # Errors
    /// Where the payload can't be written as JSON.
    pub fn new(kind: JobKind, payload: &impl serde::Serialize) -> Result<Self> {
        Ok(Self {
            id: JobId::from_random(rand::random()),
            payload: serde_json::to_string(payload)
                .map_err(|error| StoreError::damaged(format!("payload of a {kind} job"), error))?,
            kind,
            priority: Priority::default(),
            max_attempts: Self::MAX_ATTEMPTS,
            run_at: None,
            idempotency_key: None,
            host: None,
            container_id: None,
        })
    }
}

/// What came of putting a job in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Enqueued {
    /// The job, or the earlier one with the same key.
    pub job: JobRow,
    /// Whether it is new.
    pub is_new: bool,
}

/// Writes a job in the caller's transaction. The event that comes back, where the job is new, has
/// to be given to [`Store::commit_with`], which wakes those who do jobs.
pub(in crate::store) async fn enqueue(
    transaction: &mut Transaction<'static, Any>,
    job: &NewJob,
) -> Result<(Enqueued, Option<NewEvent>)> {
    let failed = StoreError::while_doing(DOING);
    let now = Timestamp::now();
    let inserted = sqlx::query(concat!(
        "INSERT INTO jobs (id, kind, payload, state, priority, attempts, max_attempts, run_at, \
         fence, cancel, idempotency_key, host, container_id, revision, created_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7, 0, 0, $8, $9, $10, 1, $11) \
         ON CONFLICT (kind, idempotency_key) DO NOTHING RETURNING ",
        job_columns!()
    ))
    .bind(job.id.to_string())
    .bind(job.kind.to_string())
    .bind(job.payload.clone())
    .bind(JobState::Queued.as_str())
    .bind(job.priority.rank())
    .bind(i64::from(job.max_attempts.max(1)))
    .bind(to_column(job.run_at.unwrap_or(now)))
    .bind(job.idempotency_key.clone())
    .bind(job.host.clone())
    .bind(job.container_id.as_ref().map(ToString::to_string))
    .bind(to_column(now))
    .fetch_optional(&mut **transaction)
    .await
    .map_err(&failed)?;
    if let Some(row) = inserted {
        let job = JobRow::read(&row)?;
        let event = tell(&job, EventAction::Create);
        return Ok((Enqueued { job, is_new: true }, Some(event)));
    }
    let earlier = sqlx::query(AssertSqlSafe(format!(
        "SELECT {} FROM jobs WHERE kind = $1 AND idempotency_key = $2",
        job_columns!()
    )))
    .bind(job.kind.to_string())
    .bind(job.idempotency_key.clone())
    .fetch_optional(&mut **transaction)
    .await
    .map_err(&failed)?
    // It was pruned in between: to the caller that is a moment of bad luck.
    .ok_or_else(|| StoreError::Unavailable {
        doing: DOING,
        cause: "the earlier job with its key was removed at the same moment".to_owned(),
    })?;
    let job = JobRow::read(&earlier)?;
    Ok((Enqueued { job, is_new: false }, None))
}

impl Store {
    /// Puts a job in the queue that belongs to no other change.
    pub async fn enqueue_job(&self, job: &NewJob) -> Result<Enqueued> {
        let mut transaction = self.begin(DOING).await?;
        let (enqueued, event) = enqueue(&mut transaction, job).await?;
        self.commit_with(transaction, event.as_slice(), DOING)
            .await?;
        Ok(enqueued)
    }
}
