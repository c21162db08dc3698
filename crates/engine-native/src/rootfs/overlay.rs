//! The image's layers under the sandbox's own writable one.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_fd,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, open_tree,
};

use super::mount_point::set_mount_attributes;
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
    let fs = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC).doing("opening overlayfs")?;
    // Kept open until the mount is made, which then holds the layers itself.
    let mut layers = Vec::with_capacity(root.layers.len());
    for path in root.layers.iter().rev() {
        let layer = open_layer(path, mapping)?;
        add_directory(fs.as_fd(), "lowerdir+", layer.as_fd())
            .doing(format!("adding image layer {} to the root", path.display()))?;
        layers.push(layer);
    }
    let own = open_own(&root.dir, mapping)?;
    for (key, name) in [("upperdir", "upper"), ("workdir", "work")] {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory =
            openat(&own, name, flags, Mode::empty()).doing(format!("opening {name}"))?;
        add_directory(fs.as_fd(), key, directory.as_fd())
            .doing(format!("adding the sandbox's {name} directory to the root"))?;
    }
    if matches!(mapping, Mapping::Own) {
        fsconfig_set_flag(&fs, "userxattr").doing("setting userxattr on the root")?;
    }
    fsconfig_create(&fs).doing("mounting the overlay of the image's layers")?;
    fsmount(
        &fs,
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::MOUNT_ATTR_NODEV,
    )
    .doing("mounting the overlay of the image's layers")
}

/// Opens the sandbox's directory; with privilege through a mount of its own, so that the
/// sandbox's list of mounts does not tell where it lies on the host.
fn open_own(path: &Path, mapping: Mapping<'_>) -> Result<OwnedFd, Failure> {
    let doing = "opening the sandbox's directory";
    match mapping {
        Mapping::Own => Ok(File::open(path).doing(doing)?.into()),
        Mapping::IdMapped(_) => {
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
            open_tree(CWD, path, flags).doing(doing)
        }
    }
}

/// Opens a layer's directory, as a mount of its own where owners are mapped.
fn open_layer(path: &Path, mapping: Mapping<'_>) -> Result<OwnedFd, Failure> {
    let doing = || format!("opening image layer {}", path.display());
    match mapping {
        Mapping::Own => Ok(File::open(path).doing(doing())?.into()),
        Mapping::IdMapped(namespace) => {
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
            let tree = open_tree(CWD, path, flags).doing(doing())?;
            set_mount_attributes(tree.as_fd(), MountAttrFlags::empty(), Some(namespace)).doing(
                "mapping the owners of an image layer, which needs Linux 5.19 and a file system that allows it",
            )?;
            Ok(tree)
        }
    }
}

/// Gives overlayfs a directory by descriptor; before Linux 6.13 by its path in `/proc`.
fn add_directory(
    fs: BorrowedFd<'_>,
    key: &str,
    directory: BorrowedFd<'_>,
) -> rustix::io::Result<()> {
    use std::os::fd::AsRawFd;
    fsconfig_set_fd(fs, key, directory).or_else(|_| {
        fsconfig_set_string(fs, key, format!("/proc/self/fd/{}", directory.as_raw_fd()))
    })
}
