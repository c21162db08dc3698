//! An image's configuration file (OCI image specification, "Image Configuration").

use std::collections::{BTreeMap, BTreeSet};

use ctnr_model::{ContainerPort, Digest, ImageConfig};
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConfigFile {
    /// When the image was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    /// Go's name of the processor.
    #[serde(default)]
    pub(crate) architecture: String,
    /// Go's name of the system.
    #[serde(default)]
    pub(crate) os: String,
    /// How the program runs.
    #[serde(default)]
    pub(crate) config: Option<RunConfig>,
    /// The layers.
    pub(crate) rootfs: RootFs,
    /// How it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Vec<History>>,
}

/// The layers, by the digests of their unpacked bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RootFs {
    /// `layers`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Lowest first.
    #[serde(default)]
    pub(crate) diff_ids: Vec<Digest>,
}

/// A step in the making of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct History {
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    /// By which command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_by: Option<String>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
    /// Whether the step made no layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) empty_layer: bool,
}

/// An object whose keys are the members of a set.
type KeySet = BTreeMap<String, serde_json::Value>;

/// How the program runs. Every field may be `null`, as Docker writes them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct RunConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposed_ports: Option<KeySet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entrypoint: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cmd: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<KeySet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_dir: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_signal: Option<String>,
}

impl From<RunConfig> for ImageConfig {
    fn from(run: RunConfig) -> Self {
        let ports = run.exposed_ports.unwrap_or_default();
        let ports: BTreeSet<_> = ports
            .keys()
            .filter_map(|text| ContainerPort::parse(text).ok())
            .collect();
        Self {
            entrypoint: run.entrypoint.unwrap_or_default(),
            cmd: run.cmd.unwrap_or_default(),
            env: run.env.unwrap_or_default(),
            workdir: run.working_dir.unwrap_or_default(),
            user: run.user.unwrap_or_default(),
            exposed_ports: ports,
            volumes: run.volumes.unwrap_or_default().into_keys().collect(),
            labels: run.labels.unwrap_or_default(),
            stop_signal: run.stop_signal.filter(|signal| !signal.is_empty()),
        }
    }
}

impl From<&ImageConfig> for RunConfig {
    fn from(config: &ImageConfig) -> Self {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let list = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        let keys = |names: Vec<String>| {
            let empty = || serde_json::Value::Object(serde_json::Map::new());
            (!names.is_empty()).then(|| names.into_iter().map(|name| (name, empty())).collect())
        };
        Self {
            user: text(&config.user),
            exposed_ports: keys(
                config
                    .exposed_ports
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            ),
            env: list(&config.env),
            entrypoint: list(&config.entrypoint),
            cmd: list(&config.cmd),
            volumes: keys(config.volumes.iter().cloned().collect()),
            working_dir: text(&config.workdir),
            labels: (!config.labels.is_empty()).then(|| config.labels.clone()),
            stop_signal: config.stop_signal.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_writes_nulls() {
        let text = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},
            "config":{"Entrypoint":null,"Cmd":["sh"],"Volumes":null,"Labels":null,"User":"",
            "ExposedPorts":{"80/tcp":{},"x":{}},"OnBuild":null,"Image":"sha256:1"}}"#;
        let file: ConfigFile = serde_json::from_str(text).unwrap();
        let config = ImageConfig::from(file.config.unwrap());
        assert_eq!(config.cmd, ["sh"]);
        assert!(config.entrypoint.is_empty() && config.volumes.is_empty());
        assert_eq!(config.exposed_ports.len(), 1);
    }

    #[test]
    fn run_configs_round_trip() {
        let config = ImageConfig {
            entrypoint: vec!["/bin/sh".into()],
            cmd: vec!["-c".into()],
            env: vec!["A=b".into()],
            workdir: "/app".into(),
            user: "node".into(),
            exposed_ports: [ContainerPort::parse("3000/tcp").unwrap()].into(),
            volumes: ["/data".to_owned()].into(),
            labels: [("a".to_owned(), "b".to_owned())].into(),
            stop_signal: Some("SIGINT".into()),
        };
        let text = serde_json::to_string(&RunConfig::from(&config)).unwrap();
        let back: RunConfig = serde_json::from_str(&text).unwrap();
        assert_eq!(ImageConfig::from(back), config);
    }
}
