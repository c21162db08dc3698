//! Which rows a list shows.

use ctnr_model::{EventAction, EventSubject, SandboxName, SandboxState};

/// Which sandboxes a list shows. All conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SandboxFilter {
    /// Those that do not run too. `states` says it more finely, and wins.
    pub all: bool,
    /// Those in one of these states; empty for what `all` says.
    pub states: Vec<SandboxState>,
    /// Those with all of these labels.
    pub labels: Vec<LabelFilter>,
    /// The one with this name.
    pub name: Option<SandboxName>,
}

/// A label that a sandbox has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFilter {
    /// The key.
    pub key: String,
    /// The value; any where it is missing.
    pub value: Option<String>,
}

impl LabelFilter {
    /// Reads `key` or `key=value`.
    pub fn parse(text: &str) -> Self {
        match text.split_once('=') {
            Some((key, value)) => Self {
                key: key.to_owned(),
                value: Some(value.to_owned()),
            },
            None => Self {
                key: text.to_owned(),
                value: None,
            },
        }
    }
}

/// Which events are wanted. All conditions hold together; an empty one holds always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// About one of these kinds of things.
    pub subjects: Vec<EventSubject>,
    /// Telling one of these.
    pub actions: Vec<EventAction>,
    /// About one of these: whole ids, a container's for its jobs too, or references of images.
    pub ids: Vec<String>,
}

impl EventFilter {
    /// Whether an event passes.
    pub fn admits(&self, event: &ctnr_model::Event) -> bool {
        (self.subjects.is_empty() || self.subjects.contains(&event.subject))
            && (self.actions.is_empty() || self.actions.contains(&event.action))
            && (self.ids.is_empty()
                || self.ids.contains(&event.id)
                || event
                    .attributes
                    .get("container")
                    .is_some_and(|id| self.ids.contains(id)))
    }
}
