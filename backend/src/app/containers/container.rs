//! Containers as the use cases take them.

use std::collections::BTreeMap;

use ctnr_model::{ContainerName, EnvVar, Labels, LayerId, Limits, NetworkMode};
use sha2::{Digest, Sha256};

use crate::store::RequestKey;

/// A container to make.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewContainer {
    /// The name; the manifest's, or a made-up one, where it is missing.
    pub name: Option<ContainerName>,
    /// The text of its manifest.
    pub manifest: Option<String>,
    /// Texts of overrides of the manifest, the weakest first.
    pub overrides: Vec<String>,
    /// The runtime as the caller names it; the default one where it is missing.
    pub runtime: Option<String>,
    /// Layers over the runtime, lowest first.
    pub layers: Vec<LayerId>,
    /// The user's labels.
    pub labels: Labels,
    /// Added to the environment of its programs.
    pub env: Vec<EnvVar>,
    /// Limits, instead of the manifest's.
    pub limits: Option<Limits>,
    /// What its programs reach, instead of what the manifest says.
    pub network: Option<NetworkMode>,
    /// Folders of the host behind known folders, by their names.
    pub folders: BTreeMap<String, String>,
}

/// A container to make beside another one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CloneRequest {
    /// The name; made up where it is missing.
    pub name: Option<ContainerName>,
    /// The labels, instead of the other one's.
    pub labels: Option<Labels>,
}

/// The caller's mark of a request that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The longest mark, in bytes.
    pub const MAX_LEN: usize = 255;

    /// Reads a mark: 1 to 255 printable signs of ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        ((1..=Self::MAX_LEN).contains(&text.len()) && is_plain).then(|| Self(text.to_owned()))
    }

    /// The key in the database: the mark, and what is asked for under it.
    pub(super) fn key(&self, what: &impl std::fmt::Debug) -> RequestKey {
        RequestKey {
            key: self.0.clone(),
            fingerprint: Sha256::digest(format!("{what:?}"))
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_requests_apart() {
        let id = RequestId::parse("3f2a-77").unwrap();
        let first = NewContainer::default();
        let other = NewContainer {
            runtime: Some("wine".to_owned()),
            ..NewContainer::default()
        };
        assert_eq!(id.key(&first), id.key(&first.clone()));
        assert_ne!(id.key(&first), id.key(&other));
        for bad in ["", "a\nb", &"x".repeat(256)] {
            assert_eq!(RequestId::parse(bad), None);
        }
    }
}
