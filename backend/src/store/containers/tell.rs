//! The events of containers.

use std::collections::BTreeMap;

use ctnr_model::{EventAction, EventSubject};
use jiff::Timestamp;

use super::row::ContainerRow;
use crate::store::events::NewEvent;

/// The event that tells of a change that led to `row`.
pub(crate) fn tell_container(row: &ContainerRow, action: EventAction) -> NewEvent {
    let mut attributes = BTreeMap::from([
        ("name".to_owned(), row.name.to_string()),
        ("state".to_owned(), row.state.to_string()),
    ]);
    if let Some(error) = &row.error {
        attributes.insert("error".to_owned(), error.clone());
    }
    NewEvent {
        time: Timestamp::now(),
        subject: EventSubject::Container,
        action,
        id: row.id.to_string(),
        attributes,
    }
}
