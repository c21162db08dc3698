//! Forking a child that becomes a program in the sandbox.
#![expect(
    unsafe_code,
    reason = "forks, and leaves without running exit handlers"
)]

use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::thread::UnshareFlags;

use crate::failure::Doing;
use crate::init::Report;
use crate::process::{Forked, fork};
use crate::protocol::Failure;
use crate::wire;

/// Forks this supervisor.
pub(super) fn fork_alone(
    namespaces: UnshareFlags,
    cgroup: Option<BorrowedFd<'_>>,
) -> io::Result<Forked> {
    // SAFETY: supervisors run on a current-thread runtime and start no other thread.
    unsafe { fork(namespaces, cgroup) }
}

/// Runs `work` in a forked child, which becomes a program or reports why not and ends.
pub(super) fn in_child(
    supervisor: BorrowedFd<'_>,
    work: impl FnOnce() -> Result<Infallible, Failure>,
) -> ! {
    // A panic must not unwind into the parent's code, of which this is a copy.
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    let failure = match result {
        Ok(Err(failure)) => failure,
        Ok(Ok(never)) => match never {},
        Err(_) => Failure::Other("setting up the sandbox".into(), "a panic".into()),
    };
    let _ = wire::send(supervisor, &Report::Failed(failure), &[]);
    leave(1)
}

/// Ends a forked child, without the exit handlers and buffers that belong to its parent.
pub(super) fn leave(code: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(code) }
}

/// Blocks until the child's program runs; gives the listener of its filter, where it has one.
pub(super) fn wait_until_executed(socket: impl AsFd) -> Result<Option<OwnedFd>, Failure> {
    let mut executing = false;
    let mut listener = None;
    loop {
        match wire::recv::<Report>(socket.as_fd()).doing("waiting for the program to run")? {
            Some((Report::Executing, fds)) => {
                executing = true;
                listener = fds.into_iter().next();
            }
            Some((Report::Terminal | Report::Pid(_), _)) => {}
            Some((Report::Failed(failure), _)) => return Err(failure),
            None if executing => return Ok(listener),
            None => return Err(died_early()),
        }
    }
}

/// A child that ended before it could say anything.
pub(super) fn died_early() -> Failure {
    Failure::Other(
        "starting the program".into(),
        "it was killed before it ran; the memory or process limit may be too low".into(),
    )
}
