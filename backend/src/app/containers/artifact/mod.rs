//! Portable containers: a container as an artifact, and a container of one.
//!
//! ```text
//!  export: container ── data frozen, if it is to go along ──▶ layers packed ──▶ artifact
//!  import: artifact ── documents checked, consent, runtime ──▶ layers unpacked ──▶ one commit: the container
//!                          │ fails, is called off ──▶ nothing is left
//! ```
//!
//! The artifact says what the program is and asks for, and nothing of the host that it was made on:
//! no ids, names of containers, labels, variables or folders. `docs/artifact.md` describes its form.

mod bring;
mod config;
mod consent;
mod export;
mod import;
mod metered;
mod pull;
mod push;
mod runtime;

use ctnr_model::ContainerPath;
use ctnr_wine::layout;

pub use self::bring::Wishes;
pub use self::consent::HostFolders;
pub use self::export::Export;
pub use self::import::ImportContainer;
pub use self::pull::PullContainer;
pub use self::push::PushContainer;
use crate::app::Result;

/// The registry's files, as Wine names them.
const REGISTRY: [&str; 3] = ["system.reg", "user.reg", "userdef.reg"];

/// Where the layers of an artifact are in a container.
fn place() -> Result<ContainerPath> {
    Ok(ContainerPath::parse(layout::PREFIX)?)
}

/// What is directly below that place in an artifact: the drives and the registry. `Z:`, which is
/// the root of the Linux side elsewhere, is no drive of a container.
fn names() -> Vec<String> {
    let drives = ('a'..='y').map(|letter| format!("drive_{letter}"));
    drives.chain(REGISTRY.map(str::to_owned)).collect()
}
