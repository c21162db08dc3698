//! What else changes when a job is over.

use sqlx::{Any, Transaction};

use super::row::JobRow;
use crate::store::error::Result;

/// Called in the transaction in which a job ends, for whatever reason: done, failed, given up,
/// cancelled, or its last holder gone. What the job is about can be set right here, and no moment
/// shows the one without the other.
pub(super) async fn record_end(
    _transaction: &mut Transaction<'static, Any>,
    job: &JobRow,
) -> Result<()> {
    tracing::debug!(job = job.id.short(), kind = %job.kind, state = %job.state, "a job is over");
    Ok(())
}
