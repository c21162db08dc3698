//! What an image says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ContainerPort, Invalid};

/// A processor architecture, with Go's names as the OCI image specification uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// x86-64.
    Amd64,
    /// AArch64.
    Arm64,
}

impl Architecture {
    /// The architecture that this program was built for.
    pub const HOST: Self = if cfg!(target_arch = "aarch64") {
        Self::Arm64
    } else {
        Self::Amd64
    };

    /// Go's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// What a program of an image runs on. The system is always Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// The processor.
    pub architecture: Architecture,
}

impl Platform {
    /// The platform of this host.
    pub const HOST: Self = Self {
        architecture: Architecture::HOST,
    };

    /// Reads `linux/amd64` or `linux/arm64` (also `linux/arm64/v8`).
    ///
    /// # Errors
    /// [`Invalid`] for another platform.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "linux/amd64" => Ok(Self {
                architecture: Architecture::Amd64,
            }),
            "linux/arm64" | "linux/arm64/v8" => Ok(Self {
                architecture: Architecture::Arm64,
            }),
            _ => Err(Invalid::new(
                "platform",
                text,
                "expected linux/amd64 or linux/arm64",
            )),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "linux/{}", self.architecture.as_str())
    }
}

/// The part of an OCI image configuration that says how its program runs
/// (OCI image specification, "Image Configuration", `config`).
///
/// It comes from the image, so nothing in it is trusted: texts are taken as they are, and checked
/// where they are used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImageConfig {
    /// `Entrypoint`: the program and its first arguments.
    pub entrypoint: Vec<String>,
    /// `Cmd`: default arguments, or the whole command where there is no entrypoint.
    pub cmd: Vec<String>,
    /// `Env`: `NAME=value` texts.
    pub env: Vec<String>,
    /// `WorkingDir`; empty for the root.
    pub workdir: String,
    /// `User`: a name or number, with an optional group behind a colon; empty for root.
    pub user: String,
    /// `ExposedPorts` that could be read as such.
    pub exposed_ports: BTreeSet<ContainerPort>,
    /// `Volumes`: paths.
    pub volumes: BTreeSet<String>,
    /// `Labels`.
    pub labels: BTreeMap<String, String>,
    /// `StopSignal`, as `SIGTERM` or `15`.
    pub stop_signal: Option<String>,
}
