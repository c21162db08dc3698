//! Whose containers are whose: the labels that tie a container to a sandbox and an installation.

use std::collections::HashMap;

use ctnr_engine::{EngineError, Result};
use ctnr_model::{PublishedPort, SandboxId};

/// Holds the sandbox's id.
const ID: &str = "dev.ctnr.id";
/// Holds the owner.
const OWNER: &str = "dev.ctnr.owner";
/// Holds the published ports as JSON, since the daemon's own form can't say that both loopback
/// addresses were meant by none.
const PORTS: &str = "dev.ctnr.ports";
/// What every label of ctnr begins with.
const PREFIX: &str = "dev.ctnr.";

/// One installation of ctnr among those that share a daemon: its data directory, or anything else
/// that is its own and stays the same. An engine sees the containers of its owner only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// Takes a text that is unique to the installation.
    ///
    /// # Errors
    /// [`EngineError::BadRequest`] for an empty text, one over 4,096 bytes, or a control character.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        if text.is_empty() || text.len() > 4096 || text.chars().any(char::is_control) {
            return Err(EngineError::BadRequest(
                "the owner of Docker containers has to be 1 to 4096 bytes without control characters"
                    .to_owned(),
            ));
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels of a sandbox's container: the user's own, and ctnr's over them.
    pub(crate) fn labels(
        &self,
        id: &SandboxId,
        users: &ctnr_model::Labels,
        ports: &[PublishedPort],
    ) -> HashMap<String, String> {
        let ports = serde_json::to_string(ports).unwrap_or_default();
        users
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .chain([
                (ID.to_owned(), id.to_string()),
                (OWNER.to_owned(), self.0.clone()),
                (PORTS.to_owned(), ports),
            ])
            .collect()
    }

    /// The label of a network that the owner's sandboxes use.
    pub(crate) fn network_labels(&self) -> HashMap<String, String> {
        HashMap::from([(OWNER.to_owned(), self.0.clone())])
    }

    /// A filter, as lists and events take it, for all of the owner's containers.
    pub(crate) fn filter(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([(
            "label".to_owned(),
            vec![format!("{OWNER}={}", self.0), ID.to_owned()],
        )])
    }

    /// A filter for the container of one sandbox.
    pub(crate) fn filter_of(&self, id: &SandboxId) -> HashMap<String, Vec<String>> {
        HashMap::from([(
            "label".to_owned(),
            vec![format!("{OWNER}={}", self.0), format!("{ID}={id}")],
        )])
    }
}

/// The sandbox that a container's labels name.
pub(crate) fn sandbox_of(labels: &HashMap<String, String>) -> Option<SandboxId> {
    SandboxId::parse(labels.get(ID)?).ok()
}

/// The published ports that a container's labels hold.
pub(crate) fn ports_of(labels: &HashMap<String, String>) -> Vec<PublishedPort> {
    labels
        .get(PORTS)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// Whether a label is ctnr's own.
pub(crate) fn is_ours(key: &str) -> bool {
    key.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_labels_never_replace_ours() {
        let owner = Owner::new("/var/lib/ctnr").unwrap();
        let id = SandboxId::from_random([7; 32]);
        let users = ctnr_model::Labels::from([
            (ID.to_owned(), "spoofed".to_owned()),
            ("team".to_owned(), "a".to_owned()),
        ]);
        let labels = owner.labels(&id, &users, &[]);
        assert_eq!(sandbox_of(&labels), Some(id));
        assert_eq!(labels["team"], "a");
    }

    #[test]
    fn labels_of_others_are_no_sandboxes() {
        let labels = HashMap::from([(ID.to_owned(), "../../etc".to_owned())]);
        assert_eq!(sandbox_of(&labels), None);
        assert_eq!(ports_of(&labels), []);
    }

    #[test]
    fn owners_are_texts() {
        assert!(Owner::new("").is_err());
        assert!(Owner::new("a\nb").is_err());
    }
}
