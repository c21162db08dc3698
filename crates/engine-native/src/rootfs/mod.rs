//! The root file system of a sandbox, built from detached mounts.
//!
//! Nothing here follows a path of the image on the host: every mount is made detached
//! (`fsopen(2)`, `open_tree(2)`), and put in its place by descriptor, below the root and without
//! following a symlink (`openat2(2)`), or by path after the process has moved into that root.

mod enter;
mod etc;
mod host;
mod mount_point;
mod overlay;
mod owners;
mod stage;
mod system;

pub(crate) use enter::{attach_root, pivot};
pub(crate) use etc::write_network_files;
pub(crate) use host::{open_host_mounts, place_host_mounts, written_directory};
pub(crate) use mount_point::set_mount_attributes;
pub(crate) use overlay::{Mapping, MountedRoot, mount_overlay};
pub(crate) use owners::imitate;
pub(crate) use system::{DeviceNodes, mask_paths, mount_system};
