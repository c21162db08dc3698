//! Leases: taking a job, keeping it, and proving that one has it.

use std::time::Duration;

use ctnr_model::{EventAction, JobId, JobState};
use jiff::Timestamp;
use sqlx::{Any, Row, Transaction};

use super::ended::record_end;
use super::row::{JobRow, job_columns};
use super::tell::tell;
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::time::to_column;

/// How many jobs are looked at before a claim gives up for this time.
const CANDIDATES: i64 = 16;

/// Who takes jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// Its name, which the job shows.
    pub name: String,
    /// The installations whose jobs it can do, beside those that any can. `None` for all.
    pub hosts: Option<Vec<String>>,
    /// How long a lease lasts.
    pub lease: Duration,
}

/// The proof that one may work on a job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The fencing token. A later claim has a higher one.
    pub fence: i64,
}

impl Claimant {
    fn until(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.lease).unwrap_or(Timestamp::MAX)
    }
}

impl Store {
    /// Takes the job whose turn it is, if there is one: one that waits, or one whose lease has run
    /// out. A job that was begun as often as it may be, and whose holder is gone, is given up here.
    pub async fn claim_job(&self, claimant: &Claimant) -> Result<Option<JobRow>> {
        let now = Timestamp::now();
        for (id, fence) in self.claimable(claimant, now).await? {
            match self.claim_one(claimant, &id, fence, now).await? {
                Some(job) if job.state == JobState::Running => return Ok(Some(job)),
                // Given up, or taken by another.
                Some(_) | None => {}
            }
        }
        Ok(None)
    }

    async fn claimable(&self, claimant: &Claimant, now: Timestamp) -> Result<Vec<(JobId, i64)>> {
        const DOING: &str = "looking for a job";
        let mut sql = String::from(
            "SELECT id, fence FROM jobs WHERE ((state = 'queued' AND run_at <= $1) \
             OR (state = 'running' AND lease_until < $1))",
        );
        let hosts = claimant.hosts.as_deref().unwrap_or_default();
        if claimant.hosts.is_some() {
            let places: Vec<String> = (0..hosts.len()).map(|n| format!("${}", n + 3)).collect();
            sql += " AND (host IS NULL";
            if !places.is_empty() {
                sql += &format!(" OR host IN ({})", places.join(", "));
            }
            sql += ")";
        }
        sql += " ORDER BY priority DESC, run_at, id LIMIT $2";
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(to_column(now))
            .bind(CANDIDATES);
        for host in hosts {
            query = query.bind(host.clone());
        }
        query
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::while_doing(DOING))?
            .iter()
            .map(|row| {
                let id: String = row.try_get(0).map_err(StoreError::while_doing(DOING))?;
                let fence = row.try_get(1).map_err(StoreError::while_doing(DOING))?;
                let id =
                    JobId::parse(&id).map_err(|error| StoreError::damaged("a job's id", error))?;
                Ok((id, fence))
            })
            .collect()
    }

    /// Takes one job, if nobody has taken it since its token was read.
    async fn claim_one(
        &self,
        claimant: &Claimant,
        id: &JobId,
        fence: i64,
        now: Timestamp,
    ) -> Result<Option<JobRow>> {
        const DOING: &str = "taking a job";
        let failed = StoreError::while_doing(DOING);
        let mut transaction = self.begin(DOING).await?;
        let taken = sqlx::query(concat!(
            "UPDATE jobs SET \
             state = CASE WHEN attempts < max_attempts THEN 'running' ELSE 'dead' END, \
             error = CASE WHEN attempts < max_attempts THEN error \
             ELSE 'whoever worked on it went away, as often as it may be tried' END, \
             holder = CASE WHEN attempts < max_attempts THEN $3 ELSE NULL END, \
             lease_until = CASE WHEN attempts < max_attempts THEN $4 ELSE NULL END, \
             finished_at = CASE WHEN attempts < max_attempts THEN NULL ELSE $5 END, \
             started_at = CASE WHEN attempts < max_attempts THEN $5 ELSE started_at END, \
             attempts = CASE WHEN attempts < max_attempts THEN attempts + 1 ELSE attempts END, \
             fence = fence + 1, revision = revision + 1 \
             WHERE id = $1 AND fence = $2 AND (state = 'queued' \
             OR (state = 'running' AND lease_until < $5)) RETURNING ",
            job_columns!()
        ))
        .bind(id.to_string())
        .bind(fence)
        .bind(claimant.name.clone())
        .bind(to_column(claimant.until(now)))
        .bind(to_column(now))
        .fetch_optional(&mut *transaction)
        .await
        .map_err(&failed)?;
        let Some(row) = taken else {
            transaction.rollback().await.map_err(failed)?;
            return Ok(None);
        };
        let job = JobRow::read(&row)?;
        let mut events = Vec::new();
        if job.state == JobState::Running {
            events.push(tell(&job, EventAction::Start));
        } else {
            events.extend(record_end(&mut transaction, &job).await?);
            events.push(tell(&job, EventAction::Finish));
        }
        self.commit_with(transaction, &events, DOING).await?;
        Ok(Some(job))
    }

    /// Lets the leases of a holder run out that is known to be gone.
    pub async fn expire_leases_of(&self, holder: &str) -> Result<()> {
        sqlx::query("UPDATE jobs SET lease_until = 0 WHERE state = 'running' AND holder = $1")
            .bind(holder.to_owned())
            .execute(&self.writer)
            .await
            .map_err(StoreError::while_doing(
                "ending the leases of a holder that is gone",
            ))?;
        Ok(())
    }
}

impl JobRow {
    /// The lease of one who has just taken the job.
    pub fn lease(&self) -> Lease {
        Lease {
            job: self.id.clone(),
            fence: self.fence,
        }
    }
}

/// Makes a transaction of one who works on a job count only if the lease still does: nobody else
/// can take the job before the transaction is done.
///
/// # Errors
/// [`StoreError::LeaseLost`].
pub(in crate::store) async fn hold(
    transaction: &mut Transaction<'static, Any>,
    lease: &Lease,
) -> Result<()> {
    let held = sqlx::query(
        "UPDATE jobs SET revision = revision WHERE id = $1 AND fence = $2 AND state = 'running'",
    )
    .bind(lease.job.to_string())
    .bind(lease.fence)
    .execute(&mut **transaction)
    .await
    .map_err(StoreError::while_doing("keeping a job's lease"))?;
    if held.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::LeaseLost {
            job: lease.job.clone(),
        })
    }
}
