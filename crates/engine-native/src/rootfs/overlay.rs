//! The image's layers under the sandbox's own writable one.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_fd,
    fsconfig_set_flag, fsmount, fsopen, open_tree,
};

use super::mount_point::set_mount_attributes;
use super::stage::mount_on_stage;
use crate::failure::Doing;
use crate::protocol::{Failure, RootLaunch};

/// How the owners of the layers' files come to be the sandbox's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mapping<'a> {
    /// Layers are shared between sandboxes, so they are mounted through this user namespace
    /// (`mount_setattr(2)`, "ID-mapped mounts").
    IdMapped(BorrowedFd<'a>),
    /// The caller is in the sandbox's user namespace already and owns the layers there.
    Own,
}

/// Mounts a sandbox's root, detached. Devices on it are dead: an image may carry any.
pub(crate) fn mount_overlay(root: &RootLaunch, mapping: Mapping<'_>) -> Result<OwnedFd, Failure> {
    let mut layers = Vec::with_capacity(root.layers.len());
    for path in &root.layers {
        layers.push(open_layer(path, mapping)?);
    }
    let own = open_own(&root.dir, mapping)?;
    match mount_detached(&layers, &own, mapping) {
        Ok(mount) => Ok(mount),
        // Before Linux 6.15 overlayfs takes no detached mounts, and before 6.13 no descriptors, which
        // is not supported (and not invalid) before 6.5.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::OPNOTSUPP) => {
            mount_on_stage(&layers, &own, root, mapping)
        }
        Err(errno) => Err(errno).doing("mounting the overlay of the image's layers"),
    }
}

/// Mounts the overlay by descriptors alone.
pub(super) fn mount_detached(
    layers: &[OwnedFd],
    own: &OwnedFd,
    mapping: Mapping<'_>,
) -> rustix::io::Result<OwnedFd> {
    let fs = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    for layer in layers.iter().rev() {
        fsconfig_set_fd(&fs, "lowerdir+", layer)?;
    }
    for (key, name) in [("upperdir", "upper"), ("workdir", "work")] {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fsconfig_set_fd(&fs, key, openat(own, name, flags, Mode::empty())?)?;
    }
    if matches!(mapping, Mapping::Own) {
        fsconfig_set_flag(&fs, "userxattr")?;
    }
    fsconfig_create(&fs)?;
    fsmount(
        &fs,
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::MOUNT_ATTR_NODEV,
    )
}

/// Opens the sandbox's directory; with privilege through a mount of its own, so that the
/// sandbox's list of mounts does not tell where it lies on the host.
fn open_own(path: &Path, mapping: Mapping<'_>) -> Result<OwnedFd, Failure> {
    let doing = "opening the sandbox's directory";
    match mapping {
        Mapping::Own => Ok(File::open(path).doing(doing)?.into()),
        Mapping::IdMapped(_) => clone(path).doing(doing),
    }
}

/// Opens a layer's directory, as a mount of its own where owners are mapped.
fn open_layer(path: &Path, mapping: Mapping<'_>) -> Result<OwnedFd, Failure> {
    let doing = || format!("opening image layer {}", path.display());
    match mapping {
        Mapping::Own => Ok(File::open(path).doing(doing())?.into()),
        Mapping::IdMapped(namespace) => {
            let tree = clone(path).doing(doing())?;
            set_mount_attributes(tree.as_fd(), MountAttrFlags::empty(), Some(namespace)).doing(
                "mapping the owners of an image layer, which needs Linux 5.19 and a file system that allows it",
            )?;
            Ok(tree)
        }
    }
}

/// A detached mount of a directory.
fn clone(path: &Path) -> rustix::io::Result<OwnedFd> {
    open_tree(
        CWD,
        path,
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC,
    )
}
