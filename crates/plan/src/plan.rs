//! The mount plan.

use std::collections::BTreeMap;

use ctnr_model::container::{
    Bitness, EntryKind, EntryName, EnvironmentName, Extension, NetworkPolicy, PackageVersion,
    Win32Path,
};
use ctnr_model::{ContainerName, ContainerPath, Digest, HostMount, HostPath, LayerId, Limits};
use serde::{Deserialize, Serialize};

use crate::redirect::PathRedirect;
use crate::registry::RegistryRule;

/// The resolved, absolute, ordered answer to "what does this container see".
///
/// Nothing in it is left to look up: tokens are paths, templates are texts, rules are in the order
/// in which they are tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MountPlan {
    /// The version of the form of this document.
    pub schema: u32,
    /// The name in the manifest.
    pub name: ContainerName,
    /// The version in the manifest.
    pub version: PackageVersion,
    /// The bitness of the container's programs.
    pub bitness: Bitness,
    /// The digest of the runtime's image.
    pub runtime: Digest,
    /// What the container reaches of the network.
    pub network: NetworkPolicy,
    /// Limits on its use of the host.
    pub limits: Limits,
    /// The environment variables that the manifest sets, with their values.
    #[cfg_attr(feature = "schema", schema(value_type = BTreeMap<String, String>))]
    pub environment: BTreeMap<EnvironmentName, String>,
    /// The programs that it offers.
    pub entries: Vec<PlannedEntry>,
    /// The entry that runs where none is named.
    pub default_entry: Option<EntryName>,
    /// The files that its programs open.
    pub file_types: Vec<PlannedFileType>,
    /// What depends on the target.
    #[serde(flatten)]
    pub target: TargetPlan,
    /// What the manifest asks for and this target has no use for, for people.
    pub notes: Vec<String>,
}

impl MountPlan {
    /// The version of the form that this program writes.
    pub const SCHEMA: u32 = 1;

    /// The entry of a name.
    pub fn entry(&self, name: &EntryName) -> Option<&PlannedEntry> {
        self.entries.iter().find(|entry| entry.name == *name)
    }

    /// The entry that runs where none is named.
    pub fn default_entry(&self) -> Option<&PlannedEntry> {
        self.default_entry
            .as_ref()
            .and_then(|name| self.entry(name))
    }
}

/// A program that a container offers to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlannedEntry {
    /// Its name.
    pub name: EntryName,
    /// Console or GUI.
    pub kind: EntryKind,
    /// The program's file.
    pub program: Win32Path,
    /// Arguments before those of the caller.
    pub args: Vec<String>,
    /// The working directory.
    pub directory: Win32Path,
    /// On Linux: the working directory in the sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox_directory: Option<ContainerPath>,
}

/// A kind of file that an entry opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlannedFileType {
    /// The extension.
    pub extension: Extension,
    /// What such a file is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The entry that opens it.
    pub entry: EntryName,
}

/// The part of a plan that depends on the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum TargetPlan {
    /// Wine in a sandbox.
    Linux(LinuxPlan),
    /// A Windows host.
    Windows(WindowsPlan),
}

/// What a sandbox with Wine has to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LinuxPlan {
    /// The Wine prefix in the sandbox.
    pub prefix: ContainerPath,
    /// The layers over the runtime, the lowest first.
    pub layers: Vec<LayerId>,
    /// The drives that the program sees, and no others.
    pub drives: Vec<LinuxDrive>,
    /// Folders of the host, a folder before those below it.
    pub mounts: Vec<HostMount>,
    /// Which rule holds for which path: the first that matches decides.
    pub redirects: Vec<PathRedirect<ContainerPath, HostPath>>,
    /// Which rule holds for which key: the first that matches decides.
    pub registry: Vec<RegistryRule<ContainerPath>>,
}

/// A drive of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LinuxDrive {
    /// Its letter, upper case.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub letter: char,
    /// The folder that it is.
    pub place: ContainerPath,
}

/// What hooks or a file system on Windows have to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WindowsPlan {
    /// The folder that holds what the container writes: `files\C\…`, and `registry.hiv`.
    pub store: Win32Path,
    /// The layers, the lowest first.
    pub layers: Vec<WindowsLayer>,
    /// Which rule holds for which path: the first that matches decides.
    pub redirects: Vec<PathRedirect<Win32Path, Win32Path>>,
    /// Which rule holds for which key: the first that matches decides.
    pub registry: Vec<RegistryRule<Win32Path>>,
}

/// A layer on a Windows host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WindowsLayer {
    /// Its id.
    pub id: LayerId,
    /// Its files, a folder a drive: `…\files\C\Program Files`.
    pub files: Win32Path,
}
