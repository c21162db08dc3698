//! This program's own file, so that nothing that it starts can write to it.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::CWD;
use rustix::mount::{MountAttrFlags, OpenTreeFlags, open_tree};

use crate::rootfs::set_mount_attributes;

/// Opens this program for execution through a mount of its own that can't be written to, and
/// that no mount namespace shows: a program in a sandbox that finds it by `/proc/PID/exe` gets
/// `EROFS` (CVE-2019-5736).
///
/// Without the right to mount, it is opened as it is: then the user namespace of a sandbox has no
/// more rights to the file than the user who runs the engine, and programs in it are started
/// only after this one's memory is out of their reach.
pub(super) fn open_self() -> io::Result<OwnedFd> {
    let path = std::env::current_exe()?;
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    match open_tree(CWD, &path, flags) {
        Ok(tree) => {
            set_mount_attributes(tree.as_fd(), MountAttrFlags::MOUNT_ATTR_RDONLY, None)?;
            Ok(tree)
        }
        Err(rustix::io::Errno::PERM) => Ok(File::open(path)?.into()),
        Err(errno) => Err(errno.into()),
    }
}
