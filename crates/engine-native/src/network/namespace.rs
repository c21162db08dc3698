//! Doing something inside another network namespace.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::NetworkError;

/// Runs `work` with the calling thread inside a network namespace, and comes back.
///
/// Other threads stay where they are. Descriptors opened by `work` keep belonging to that
/// namespace. Both namespaces must belong to user namespaces in which the caller is privileged
/// (`setns(2)`), so this is for root; see `ports::SocketOpener` for the way of an ordinary user.
///
/// # Errors
/// [`NetworkError::Namespace`] when the namespace can't be entered; `work` has not run then.
pub fn within<T>(netns: BorrowedFd<'_>, work: impl FnOnce() -> T) -> Result<T, NetworkError> {
    // `/proc/self` is the process's first thread, which may be in another namespace.
    let home = File::open("/proc/thread-self/ns/net").map_err(NetworkError::Namespace)?;
    move_into_link_name_space(netns, Some(LinkNameSpaceType::Network))
        .map_err(|error| NetworkError::Namespace(error.into()))?;
    let _return = Return(home);
    Ok(work())
}

struct Return(File);

impl Drop for Return {
    fn drop(&mut self) {
        if move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network)).is_err() {
            // Going on would open the host's sockets inside the sandbox, for the program there to
            // answer. Nothing that this process could still do is worth that.
            std::process::abort();
        }
    }
}
