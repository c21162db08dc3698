//! Joining and leaving namespaces.
#![expect(unsafe_code, reason = "unshare can break what other threads rely on")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::thread::{
    LinkNameSpaceType, ThreadNameSpaceType, UnshareFlags, move_into_link_name_space,
    move_into_thread_name_spaces, unshare_unsafe,
};

use super::PidFd;

/// Makes the calling process's control group the root of what it sees of control groups.
pub(crate) fn new_cgroup_namespace() -> io::Result<()> {
    // SAFETY: a control group namespace only changes how paths are shown; nothing in this
    // process relies on them.
    Ok(unsafe { unshare_unsafe(UnshareFlags::NEWCGROUP) }?)
}

/// Runs `work`, whose forks become processes of the sandbox whose first process is `init`
/// (`setns(2)`, `CLONE_NEWPID`). `own` is the caller's own namespace of process ids, to which it
/// returns for its later forks.
pub(crate) fn forking_into_pids_of<T>(
    init: &PidFd,
    own: BorrowedFd<'_>,
    work: impl FnOnce() -> T,
) -> io::Result<T> {
    move_into_thread_name_spaces(init.as_fd(), ThreadNameSpaceType::PROCESS_ID)?;
    let result = work();
    move_into_link_name_space(own, Some(LinkNameSpaceType::ProcessID))?;
    Ok(result)
}

/// Runs `work` in a mount namespace of its own, and returns from there: what is mounted in it is
/// gone then, unless `work` gives it out detached. The working directory is `/` after it.
pub(crate) fn in_own_mounts<T>(
    work: impl FnOnce() -> rustix::io::Result<T>,
) -> rustix::io::Result<T> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let own = rustix::fs::open("/proc/self/ns/mnt", flags, Mode::empty())?;
    // SAFETY: launcher and supervisors have one thread, and nothing of theirs relies on the
    // namespace between here and the return.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS | UnshareFlags::FS) }?;
    let result = work();
    move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Mount))?;
    result
}

/// Has all later children of the caller be processes of the sandbox, and the caller not.
pub(crate) fn enter_pids_of(init: &PidFd) -> io::Result<()> {
    Ok(move_into_thread_name_spaces(
        init.as_fd(),
        ThreadNameSpaceType::PROCESS_ID,
    )?)
}

/// The calling process's own namespace of process ids.
pub(crate) fn own_pids() -> io::Result<OwnedFd> {
    Ok(std::fs::File::open("/proc/self/ns/pid")?.into())
}

/// Moves the calling process into a sandbox: all namespaces but that of process ids, which its
/// parent has chosen.
pub(crate) fn enter_sandbox(init: &PidFd) -> io::Result<()> {
    let all = ThreadNameSpaceType::USER
        | ThreadNameSpaceType::MOUNT
        | ThreadNameSpaceType::NETWORK
        | ThreadNameSpaceType::INTER_PROCESS_COMMUNICATION
        | ThreadNameSpaceType::HOST_NAME_AND_NIS_DOMAIN_NAME
        | ThreadNameSpaceType::CONTROL_GROUP;
    Ok(move_into_thread_name_spaces(init.as_fd(), all)?)
}
