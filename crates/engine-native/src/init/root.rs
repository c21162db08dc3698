//! A sandbox's root on its way from the supervisor, who has the rights to mount it, to the process
//! that moves into it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Step, next, out_of_step};
use crate::failure::Doing;
use crate::protocol::{Failure, RootLaunch};
use crate::rootfs::{
    Mapping, MountedRoot, attach_root, mount_overlay, open_host_mounts, place_host_mounts,
};
use crate::wire;

/// Mounts a root and hands it over; the caller has it, too. Without `users`, the user namespace of the
/// sandbox, the process at the other end mounts it itself, and the caller has none.
pub(crate) fn send_root(
    socket: &impl AsFd,
    root: &RootLaunch,
    users: Option<BorrowedFd<'_>>,
) -> Result<Option<MountedRoot>, Failure> {
    let doing = "handing over the sandbox's root";
    let Some(users) = users else {
        wire::send(socket, &Step::Mapped, &[]).doing(doing)?;
        return Ok(None);
    };
    let mapping = Mapping::IdMapped(users);
    let overlay = mount_overlay(root, mapping)?;
    let mounts = open_host_mounts(root, mapping)?;
    wire::send(socket, &Step::Mapped, &[overlay.mount.as_fd()]).doing(doing)?;
    for some in mounts.chunks(wire::MAX_FDS) {
        let fds: Vec<BorrowedFd<'_>> = some.iter().map(AsFd::as_fd).collect();
        wire::send(socket, &Step::Mounts, &fds).doing(doing)?;
    }
    Ok(Some(overlay))
}

/// Takes the root over, or mounts it, and attaches it with all that is mounted from the host. `fds`
/// came with [`Step::Mapped`]. The caller is root of the sandbox's user namespace, in a mount
/// namespace of its own.
pub(crate) fn enter_root(
    supervisor: BorrowedFd<'_>,
    root: &RootLaunch,
    fds: Vec<OwnedFd>,
) -> Result<OwnedFd, Failure> {
    let (overlay, mounts) = match fds.into_iter().next() {
        Some(overlay) => (overlay, receive_mounts(supervisor, root.mounts.len())?),
        None => (
            mount_overlay(root, Mapping::Own)?.mount,
            open_host_mounts(root, Mapping::Own)?,
        ),
    };
    attach_root(overlay.as_fd())?;
    place_host_mounts(overlay.as_fd(), &root.mounts, mounts)?;
    Ok(overlay)
}

fn receive_mounts(supervisor: BorrowedFd<'_>, count: usize) -> Result<Vec<OwnedFd>, Failure> {
    let mut mounts = Vec::with_capacity(count);
    while mounts.len() < count {
        match next(supervisor)? {
            (Step::Mounts, some) if !some.is_empty() => mounts.extend(some),
            _ => return Err(out_of_step()),
        }
    }
    Ok(mounts)
}
