//! What only some engines can do.

use std::collections::BTreeSet;
use std::fmt;

use ctnr_model::SandboxSpec;

use crate::{EngineError, Result};

/// Something that not every engine can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capability {
    /// Outgoing connections from sandboxes.
    Egress,
    /// Limits on memory, processors and processes.
    Limits,
    /// Commands that outlive their caller, and attaching to them later.
    DetachedExec,
    /// Moving and removing files, and directories listed without reading what is below them.
    FileManagement,
    /// Being told of changes to files.
    FileWatch,
    /// Files of a sandbox that does not run.
    FilesWhileStopped,
    /// UDP ports.
    UdpPorts,
    /// Published ports of a sandbox that has no outgoing connections.
    PortsWithoutEgress,
    /// Layers of files over an image's, out of sandboxes and archives.
    Layers,
    /// Directories of the host in a sandbox.
    HostMounts,
    /// What a sandbox uses of the host.
    Stats,
}

impl Capability {
    /// The name in messages and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Limits => "limits",
            Self::DetachedExec => "detached exec",
            Self::FileManagement => "file management",
            Self::FileWatch => "file watch",
            Self::FilesWhileStopped => "files while stopped",
            Self::UdpPorts => "udp ports",
            Self::PortsWithoutEgress => "published ports without outgoing connections",
            Self::Layers => "layers",
            Self::HostMounts => "host mounts",
            Self::Stats => "stats",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an engine can do, and why not where it can't.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    present: BTreeSet<Capability>,
}

impl Capabilities {
    /// Whether the engine can do it.
    pub fn has(&self, capability: Capability) -> bool {
        self.present.contains(&capability)
    }

    /// All that the engine can do, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Capability> + '_ {
        self.present.iter().copied()
    }

    /// Refuses what the engine can't do.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] with the capability's name and `remedy`, which says what the
    /// user can do about it.
    pub fn require(&self, capability: Capability, remedy: &'static str) -> Result<()> {
        if self.has(capability) {
            Ok(())
        } else {
            Err(EngineError::Unsupported { capability, remedy })
        }
    }

    /// Refuses a sandbox of layers or with directories of the host, where the engine has none.
    ///
    /// # Errors
    /// As for [`Capabilities::require`].
    pub fn require_files(&self, spec: &SandboxSpec) -> Result<()> {
        let remedy = "use the native engine";
        if !spec.layers.is_empty() {
            self.require(Capability::Layers, remedy)?;
        }
        if !spec.mounts.is_empty() {
            self.require(Capability::HostMounts, remedy)?;
        }
        Ok(())
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(iter: I) -> Self {
        Self {
            present: iter.into_iter().collect(),
        }
    }
}
