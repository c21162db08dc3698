//! What else changes when a job is over.

use ctnr_model::{ContainerState, EventAction, JobState};
use sqlx::{Any, Transaction};

use super::row::JobRow;
use crate::store::containers::{container_in, record_state};
use crate::store::error::Result;
use crate::store::events::NewEvent;
use crate::store::tell_container;

/// Called in the transaction in which a job ends, for whatever reason: done, failed, given up,
/// cancelled, or its last holder gone. What the job is about can be set right here, and no moment
/// shows the one without the other. Gives what is to be told of that.
///
/// A container that was not made by its job's end can't be used, and says why.
pub(super) async fn record_end(
    transaction: &mut Transaction<'static, Any>,
    job: &JobRow,
) -> Result<Vec<NewEvent>> {
    tracing::debug!(job = job.id.short(), kind = %job.kind, state = %job.state, "a job is over");
    let Some(id) = &job.container_id else {
        return Ok(Vec::new());
    };
    let Some(mut row) = container_in(transaction, id).await? else {
        return Ok(Vec::new());
    };
    // One that failed before may fail for another reason when its job is tried again.
    let is_unmade = matches!(row.state, ContainerState::Creating | ContainerState::Failed);
    if !is_unmade || row.job.as_ref() != Some(&job.id) || job.state == JobState::Succeeded {
        return Ok(Vec::new());
    }
    let why = match (job.state, &job.error) {
        (JobState::Cancelled, _) => "its job was called off".to_owned(),
        (_, Some(error)) => error.clone(),
        (_, None) => format!("its job ended as {}", job.state),
    };
    row.state = ContainerState::Failed;
    row.error = Some(why);
    record_state(transaction, &mut row).await?;
    Ok(vec![tell_container(&row, EventAction::Fail)])
}
