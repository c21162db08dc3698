//! What a container was asked to be.

use std::collections::BTreeMap;

use ctnr_model::{EnvVar, HostPath, Labels, Limits, NetworkMode};
use serde::{Deserialize, Serialize};

/// The version of the stored form that this program writes.
pub(super) const SPEC_VERSION: i64 = 1;

/// All of a container that only a capture changes in its life.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// The text of its `container.toml`, where it has one.
    pub manifest: Option<String>,
    /// Texts of overrides of it, the weakest first.
    pub overrides: Vec<String>,
    /// The names of the manifest's entry points, the default one first.
    pub entry_points: Vec<String>,
    /// The user's labels.
    pub labels: Labels,
    /// Added to the environment of its programs.
    pub env: Vec<EnvVar>,
    /// Limits on the use of the host.
    pub limits: Limits,
    /// What its programs reach.
    pub network: NetworkMode,
    /// Folders of the host behind known folders, by their names.
    pub folders: BTreeMap<String, HostPath>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spec as version 1 was stored. It is never edited: where this test fails, the stored form
    /// has changed, and needs a version of its own and a way from this one to it.
    const VERSION_1: &str = concat!(
        r#"{"manifest":"name = \"a\"","overrides":[],"entry_points":["main"],"labels":{"team":"red"},"#,
        r#""env":["A=1"],"limits":{"memory":2147483648,"cpus":null,"pids":4096},"#,
        r#""network":"open","folders":{"Documents":"/srv/documents"}}"#,
    );

    #[test]
    fn a_spec_of_version_1_still_reads_and_writes() {
        let spec: ContainerSpec = serde_json::from_str(VERSION_1).unwrap();
        assert_eq!(serde_json::to_string(&spec).unwrap(), VERSION_1);
        assert_eq!(SPEC_VERSION, 1);
    }
}
