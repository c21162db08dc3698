//! The events of jobs.

use std::collections::BTreeMap;

use ctnr_model::{EventAction, EventSubject, JobState};
use jiff::Timestamp;

use super::row::JobRow;
use crate::store::events::NewEvent;

/// The event that tells of a change that led to `job`.
pub(super) fn tell(job: &JobRow, action: EventAction) -> NewEvent {
    let mut attributes = BTreeMap::from([
        ("kind".to_owned(), job.kind.to_string()),
        ("state".to_owned(), job.state.to_string()),
    ]);
    if let Some(container) = &job.container_id {
        attributes.insert("container".to_owned(), container.to_string());
    }
    let told_error = matches!(
        job.state,
        JobState::Queued | JobState::Failed | JobState::Dead
    );
    if let Some(error) = job.error.as_ref().filter(|_| told_error) {
        attributes.insert("error".to_owned(), error.clone());
    }
    NewEvent {
        time: Timestamp::now(),
        subject: EventSubject::Job,
        action,
        id: job.id.to_string(),
        attributes,
    }
}
