//! What a sandbox is asked to be.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ImageReference, Invalid, Limits, NetworkMode, PortRequest, ProcessOverrides, SandboxId,
    SandboxName,
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
}
