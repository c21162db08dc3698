//! `clone3(2)` as a fork into new namespaces.
#![expect(unsafe_code, reason = "clone3 has no safe wrapper")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::process::Pid;
use rustix::thread::UnshareFlags;

use super::PidFd;

/// `CLONE_INTO_CGROUP`, which libc has as a type too narrow for it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Which side of a fork the caller is on.
pub(crate) enum Forked {
    /// The parent, with the child.
    Parent(PidFd),
    /// The child. It has to end in `execve` or `_exit`.
    Child,
}

/// Forks a child into new `namespaces`, and on cgroup v2 straight into `cgroup`.
///
/// # Safety
/// The caller has one thread only, as launcher and supervisors do: then the child may go on with
/// ordinary code, since no other thread can have held a lock at the moment of the fork.
pub(crate) unsafe fn fork(
    namespaces: UnshareFlags,
    cgroup: Option<BorrowedFd<'_>>,
) -> io::Result<Forked> {
    let mut pidfd: libc::c_int = -1;
    // SAFETY: all-zero is a valid `clone_args`: no flags, no stack, no signal.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = u64::from(namespaces.bits()) | libc::CLONE_PIDFD as u64;
    arguments.pidfd = std::ptr::from_mut(&mut pidfd) as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = u64::try_from(cgroup.as_raw_fd()).unwrap_or(u64::MAX);
    }
    // SAFETY: without CLONE_VM the child has its own copy of all memory and goes on with this
    // stack; `arguments` and `pidfd` outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            std::ptr::from_mut(&mut arguments),
            size_of::<libc::clone_args>(),
        )
    };
    match result {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Forked::Child),
        pid => {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            let pid = pid.ok_or_else(|| io::Error::other("clone3 gave no process id"))?;
            // SAFETY: the kernel has put a new descriptor there, which nobody else owns.
            let fd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Forked::Parent(PidFd::new(pid, fd)))
        }
    }
}
