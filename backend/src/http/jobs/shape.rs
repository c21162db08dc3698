//! Jobs as the API shows them.

use ctnr_api::Job;

use crate::app::JobRow;

/// A row as it is shown: its payload may hold what was uploaded, and stays inside.
pub(super) fn job(row: JobRow) -> Job {
    Job {
        id: row.id.to_string(),
        kind: row.kind,
        state: row.state,
        priority: row.priority,
        attempts: row.attempts,
        max_attempts: row.max_attempts,
        cancel_requested: row.cancel_requested,
        progress: row.progress,
        result: row.result,
        error: row.error,
        container: row.container_id.map(|id| id.to_string()),
        host: row.host,
        holder: row.holder,
        idempotency_key: row.idempotency_key,
        revision: row.revision,
        created_at: row.created_at,
        run_at: row.run_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
    }
}
