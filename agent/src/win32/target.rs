//! The hosts that plans are made for.

use std::collections::BTreeMap;

use ctnr_model::container::{KnownFolder, Win32Path};
use ctnr_model::{ContainerPath, FileOwner, HostPath, Invalid};
use ctnr_plan::{LinuxTarget, Target, WindowsTarget};
use ctnr_wine::layout;

/// Where a Windows host keeps containers and layers.
const WINDOWS_STORE: &str = r"C:\ProgramData\ctnr\containers";
const WINDOWS_LAYERS: &str = r"C:\ProgramData\ctnr\layers";

/// A Linux host with the Wine runtime, and the folders of it that the container may be let into.
///
/// # Errors
/// None that a caller can cause.
pub fn linux_target(
    folders: BTreeMap<KnownFolder, HostPath>,
    allowed: Vec<HostPath>,
) -> Result<Target, Invalid> {
    Ok(Target::Linux(LinuxTarget {
        prefix: ContainerPath::parse(layout::PREFIX)?,
        user: layout::USER.to_owned(),
        owner: FileOwner {
            uid: layout::UID,
            gid: layout::UID,
        },
        folders,
        allowed,
    }))
}

/// A Windows host that keeps what the container writes under this name.
///
/// # Errors
/// [`Invalid`] for a name that can't be a folder's.
pub fn windows_target(name: &str) -> Result<Target, Invalid> {
    Ok(Target::Windows(WindowsTarget {
        store: Win32Path::parse(&format!(r"{WINDOWS_STORE}\{name}"))?,
        layers: Win32Path::parse(WINDOWS_LAYERS)?,
        user: layout::USER.to_owned(),
        folders: BTreeMap::new(),
        allowed: Vec::new(),
    }))
}
