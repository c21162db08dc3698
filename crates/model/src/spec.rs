//! What a sandbox is asked to be.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    HostMount, ImageReference, Invalid, LayerId, Limits, NetworkMode, PortRequest,
    ProcessOverrides, SandboxId, SandboxName,
};

/// Labels: the user's own keys and values.
pub type Labels = BTreeMap<String, String>;

/// The engine that runs a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// ctnr's own: namespaces, overlayfs and cgroups, no daemon.
    Native,
    /// Docker's or Podman's API.
    Docker,
}

impl EngineKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Native, Self::Docker];

    /// The word in requests and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Docker => "docker",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for EngineKind {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Invalid::new("engine", text, "expected native or docker"))
    }
}

/// Everything that is asked of a sandbox. It is stored, and enough to start the sandbox again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SandboxSpec {
    /// The id, drawn by the control plane.
    pub id: SandboxId,
    /// The name, unique among the sandboxes that exist.
    pub name: SandboxName,
    /// The image, as the user wrote it, made full.
    pub image: ImageReference,
    /// What the user changes of the image's process.
    pub process: ProcessOverrides,
    /// Ports to publish.
    pub ports: Vec<PortRequest>,
    /// The user's labels.
    pub labels: Labels,
    /// Limits on the use of the host.
    pub limits: Limits,
    /// What the sandbox reaches.
    pub network: NetworkMode,
    /// Layers over the image's, lowest first, under what the sandbox itself writes.
    #[serde(default)]
    pub layers: Vec<LayerId>,
    /// Directories of the host, in the order in which they are put in their places.
    #[serde(default)]
    pub mounts: Vec<HostMount>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_without_layers_and_mounts_is_read() {
        let stored = serde_json::json!({
            "id": "a".repeat(64), "name": "one", "image": "docker.io/library/busybox:latest",
            "process": ProcessOverrides::default(), "ports": [], "labels": {},
            "limits": Limits::default(), "network": "open",
        });
        let spec: SandboxSpec = serde_json::from_value(stored).unwrap();
        assert_eq!((spec.layers.len(), spec.mounts.len()), (0, 0));
    }
}
