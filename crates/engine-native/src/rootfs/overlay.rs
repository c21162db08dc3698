//! Layers under a writable one.

use std::fs::File;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_fd,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, open_tree,
};

use super::owners::Owners;
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

/// What overlays of a sandbox leave to nobody's default: a layer means the same under every other.
pub(super) const PLAIN: [(&str, &str); 3] = [
    ("index", "off"),
    ("metacopy", "off"),
    ("redirect_dir", "nofollow"),
];

/// What an overlay is mounted of.
pub(super) struct Stack {
    /// Lower layers, lowest first, open and by path.
    pub(super) lowers: Vec<(OwnedFd, PathBuf)>,
    /// The directory with `upper` and `work`, open and by path.
    pub(super) own: (OwnedFd, PathBuf),
    /// What holds for the mount.
    pub(super) attributes: MountAttrFlags,
}

/// A sandbox's root.
pub(crate) struct MountedRoot {
    /// Its mount.
    pub(crate) mount: OwnedFd,
    /// The mounts that it was made of. It does not need them any more, but to close one takes the kernel
    /// a moment (it waits for all processors), so they are kept until nobody waits.
    _parts: Vec<OwnedFd>,
}

/// Mounts a sandbox's root, detached. Devices on it are dead: an image may carry any.
pub(crate) fn mount_overlay(
    root: &RootLaunch,
    mapping: Mapping<'_>,
) -> Result<MountedRoot, Failure> {
    let mut owners = Owners::new(root.ids, mapping);
    owners.prepare(&root.stacked)?;
    let mut lowers = Vec::with_capacity(root.layers.len() + root.stacked.len());
    for path in &root.layers {
        lowers.push((owners.open_image_layer(path)?, path.clone()));
    }
    for layer in &root.stacked {
        lowers.push((owners.open_layer(layer)?, layer.path.clone()));
    }
    let stack = Stack {
        lowers,
        own: (open_own(&root.dir, mapping)?, root.dir.clone()),
        attributes: MountAttrFlags::MOUNT_ATTR_NODEV,
    };
    let mount = stack.mount(mapping, "mounting the overlay of the image's layers")?;
    let Stack { lowers, own, .. } = stack;
    let parts = lowers.into_iter().chain([own]).map(|(part, _)| part);
    Ok(MountedRoot {
        mount,
        _parts: parts.collect(),
    })
}

impl Stack {
    /// Mounts the overlay, detached.
    pub(super) fn mount(&self, mapping: Mapping<'_>, doing: &str) -> Result<OwnedFd, Failure> {
        match self.mount_detached(mapping) {
            Ok(mount) => Ok(mount),
            // Before Linux 6.15 overlayfs takes no detached mounts, and before 6.13 no descriptors,
            // which is not supported (and not invalid) before 6.5.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::OPNOTSUPP) => {
                mount_on_stage(self, mapping).doing(doing)
            }
            Err(errno) => Err(errno).doing(doing),
        }
    }

    /// Mounts the overlay by descriptors alone.
    pub(super) fn mount_detached(&self, mapping: Mapping<'_>) -> rustix::io::Result<OwnedFd> {
        let fs = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
        for (layer, _) in self.lowers.iter().rev() {
            fsconfig_set_fd(&fs, "lowerdir+", layer)?;
        }
        for (key, name) in [("upperdir", "upper"), ("workdir", "work")] {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            fsconfig_set_fd(&fs, key, openat(&self.own.0, name, flags, Mode::empty())?)?;
        }
        match mapping {
            // Which implies the rest.
            Mapping::Own => fsconfig_set_flag(&fs, "userxattr")?,
            Mapping::IdMapped(_) => {
                for (key, value) in PLAIN {
                    fsconfig_set_string(&fs, key, value)?;
                }
            }
        }
        fsconfig_create(&fs)?;
        fsmount(&fs, FsMountFlags::FSMOUNT_CLOEXEC, self.attributes)
    }
}

/// Opens a directory with `upper` and `work`; with privilege through a mount of its own, so that the
/// sandbox's list of mounts does not tell where it lies on the host.
pub(super) fn open_own(path: &Path, mapping: Mapping<'_>) -> Result<OwnedFd, Failure> {
    let doing = "opening the sandbox's directory";
    match mapping {
        Mapping::Own => Ok(File::open(path).doing(doing)?.into()),
        Mapping::IdMapped(_) => clone(path).doing(doing),
    }
}

/// A detached mount of a directory.
pub(super) fn clone(path: &Path) -> rustix::io::Result<OwnedFd> {
    open_tree(
        CWD,
        path,
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC,
    )
}
