//! How children end.

use std::io;

use ctnr_model::ExitStatus;
use rustix::process::{WaitId, WaitIdOptions, WaitIdStatus, waitid};

use super::PidFd;

/// Waits for a child to end, and reaps it.
pub(crate) fn wait(child: &PidFd) -> io::Result<ExitStatus> {
    use std::os::fd::AsFd;
    loop {
        match waitid(WaitId::PidFd(child.as_fd()), WaitIdOptions::EXITED) {
            Ok(Some(status)) => return Ok(exit_status(&status)),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Waits for a child with every other descriptor closed, so that whoever waits for the end of a
/// stream of the child's does not wait for the caller.
pub(crate) fn wait_alone(child: PidFd) -> io::Result<ExitStatus> {
    let pid = child.into_pid();
    super::command::close_all_descriptors()?;
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED) {
            Ok(Some(status)) => return Ok(exit_status(&status)),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// The kernel's word for an end, as shells give it.
fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => ExitStatus::exited(code),
        (None, Some(signal)) => ExitStatus::signaled(signal),
        (None, None) => ExitStatus::exited(255),
    }
}
