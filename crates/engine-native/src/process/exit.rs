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

/// The kernel's word for an end, as shells give it.
pub(crate) fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => ExitStatus::exited(code),
        (None, Some(signal)) => ExitStatus::signaled(signal),
        (None, None) => ExitStatus::exited(255),
    }
}
