//! Moving a process into a root.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::CWD;
use rustix::mount::{
    MountPropagationFlags, MoveMountFlags, UnmountFlags, mount_change, move_mount, unmount,
};
use rustix::process::{chdir, fchdir, pivot_root};

use crate::failure::Doing;
use crate::protocol::Failure;

/// A directory that every Linux host has, and that nothing of which is needed any more when the
/// root is put over it, in this process's own mount namespace.
const STAGE: &str = "/dev";

/// Attaches a detached root to the mount tree of the calling process, which has to have a mount
/// namespace of its own. Mounts can be placed below it after that.
pub(crate) fn attach_root(root: BorrowedFd<'_>) -> Result<(), Failure> {
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).doing("cutting the sandbox's mounts from the host's")?;
    move_mount(
        root,
        "",
        CWD,
        STAGE,
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
    )
    .doing("attaching the sandbox's root")
}

/// Makes an attached root the only one: after it, nothing of the host's tree can be named.
pub(crate) fn pivot(root: BorrowedFd<'_>) -> Result<(), Failure> {
    fchdir(root.as_fd()).doing("entering the sandbox's root")?;
    // With both the same, the old root ends up on top of the new one, and is taken off
    // (`pivot_root(2)`, "Notes").
    pivot_root(".", ".").doing("changing to the sandbox's root")?;
    unmount(".", UnmountFlags::DETACH).doing("leaving the host's root")?;
    chdir("/").doing("entering the sandbox's root")
}
