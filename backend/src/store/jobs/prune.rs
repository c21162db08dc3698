//! Removing the jobs that are long over.

use jiff::Timestamp;

use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::time::to_column;

impl Store {
    /// Removes the jobs that were over before `before`. Their idempotency keys are free then.
    /// Returns how many there were.
    pub async fn prune_jobs(&self, before: Timestamp) -> Result<u64> {
        let deleted = sqlx::query(
            "DELETE FROM jobs WHERE finished_at < $1 \
             AND state IN ('succeeded', 'failed', 'dead', 'cancelled')",
        )
        .bind(to_column(before))
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing("removing old jobs"))?;
        Ok(deleted.rows_affected())
    }
}
