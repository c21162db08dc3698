//! Adding to a cause what was being done.

use std::any::Any;
use std::fmt::Display;
use std::io;

use ctnr_engine::{EngineError, is_disk_full};
use rustix::io::Errno;

use crate::protocol::Failure;

/// Says of an error what was being done when it happened.
pub(crate) trait Doing<T> {
    /// Turns an error into a [`Failure`] with `what` was being done.
    fn doing(self, what: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Display + 'static> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| {
            if says_that_the_disk_is_full(&error) {
                Failure::DiskFull(what.into())
            } else {
                Failure::Other(what.into(), error.to_string())
            }
        })
    }
}

fn says_that_the_disk_is_full(error: &dyn Any) -> bool {
    let errno = error.downcast_ref::<Errno>().copied();
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(is_disk_full) || errno.is_some_and(|errno| is_disk_full(&errno.into()))
}

impl From<Failure> for EngineError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::PortTaken(container, host_port) => Self::PortTaken {
                container,
                host_port,
            },
            Failure::CommandNotFound(program) => Self::CommandNotFound { program },
            Failure::CommandNotExecutable(program, reason) => {
                Self::CommandNotExecutable { program, reason }
            }
            Failure::Bad(message) => Self::BadRequest(message),
            Failure::ExecNotFound(id) => Self::ExecNotFound(id),
            Failure::NotRunning => Self::NotRunning,
            Failure::Full => Self::Conflict(
                "the sandbox has as many processes as its limit allows; end some, or restart it"
                    .to_owned(),
            ),
            Failure::Unreachable(port, reason) => Self::Unavailable(format!(
                "nothing answers at port {port} in the sandbox: {reason}"
            )),
            Failure::DiskFull(doing) => Self::disk_full(&doing),
            Failure::Other(doing, cause) => Self::Internal { doing, cause },
        }
    }
}
