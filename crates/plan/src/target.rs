//! What a plan is made from.

use std::collections::BTreeMap;

use ctnr_model::container::{KnownFolder, Manifest, Win32Path};
use ctnr_model::{ContainerPath, Digest, FileOwner, HostPath, LayerId};

/// The container that a plan is made for.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// Its manifest, overrides merged in.
    pub manifest: &'a Manifest,
    /// The digest of the runtime's image.
    pub runtime: &'a Digest,
    /// Its layers over the runtime, the lowest first.
    pub layers: &'a [LayerId],
}

/// The host that a plan is made for.
#[derive(Debug, Clone)]
pub enum Target {
    /// Wine in a sandbox.
    Linux(LinuxTarget),
    /// A Windows host, whose own files and keys are redirected.
    Windows(WindowsTarget),
}

/// A Linux host, and what the runtime's image looks like.
#[derive(Debug, Clone)]
pub struct LinuxTarget {
    /// The Wine prefix in the sandbox.
    pub prefix: ContainerPath,
    /// The name of the user's folder in the prefix.
    pub user: String,
    /// Who the owner of a folder of the host is in the sandbox.
    pub owner: FileOwner,
    /// The known folders of the host's user that containers may be let into.
    pub folders: BTreeMap<KnownFolder, HostPath>,
    /// Other folders of the host that containers may be let into, with all below them.
    pub allowed: Vec<HostPath>,
}

/// A Windows host.
#[derive(Debug, Clone)]
pub struct WindowsTarget {
    /// The folder that holds what the container writes.
    pub store: Win32Path,
    /// The folder that holds all layers, each in a folder of its id.
    pub layers: Win32Path,
    /// The name of the host's user.
    pub user: String,
    /// The known folders of the host, where they are not in their usual places.
    pub folders: BTreeMap<KnownFolder, Win32Path>,
    /// Folders of the host outside of known ones that containers may be let into, with all below
    /// them.
    pub allowed: Vec<Win32Path>,
}
