//! Asking a sandbox's supervisor.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use ctnr_engine::{EngineError, Result};
use tokio::net::UnixStream;

use super::sandbox::Sandbox;
use crate::protocol::{Reply, Request};
use crate::supervisor::CONTROL_SOCKET;
use crate::wire::Channel;

/// The longest path that fits into a socket's address (`unix(7)`), with its NUL.
const MAX_SOCKET_PATH: usize = 107;

/// How long a supervisor may take over what it does at once.
pub(super) const PROMPT: Duration = Duration::from_secs(30);

/// Connects to the supervisor of the sandbox in `directory`.
pub(super) async fn connect(directory: &Path) -> io::Result<Channel> {
    let path = directory.join(CONTROL_SOCKET);
    let stream = if path.as_os_str().len() <= MAX_SOCKET_PATH {
        UnixStream::connect(path).await?
    } else {
        let directory = File::open(directory)?;
        let short = format!("/proc/self/fd/{}/{CONTROL_SOCKET}", directory.as_raw_fd());
        UnixStream::connect(short).await?
    };
    Channel::new(stream.into_std()?)
}

/// Sends a request, and gives the connection that its replies come on.
///
/// # Errors
/// [`EngineError::NotRunning`] where there is no supervisor.
pub(super) async fn send(
    sandbox: &Sandbox,
    request: &Request,
    fds: &[BorrowedFd<'_>],
) -> Result<Channel> {
    sandbox.running_record()?;
    let channel = connect(&sandbox.directory)
        .await
        .map_err(|_| EngineError::NotRunning)?;
    channel
        .sender
        .send(request, fds)
        .await
        .map_err(|error| lost(&error))?;
    Ok(channel)
}

/// Sends a request and waits for its one reply.
pub(super) async fn ask(sandbox: &Sandbox, request: &Request) -> Result<Reply> {
    let mut channel = send(sandbox, request, &[]).await?;
    let reply = tokio::time::timeout(PROMPT, channel.receiver.recv::<Reply>())
        .await
        .map_err(|_| EngineError::Timeout("the sandbox's supervisor does not answer".to_owned()))?;
    check(reply.map_err(|error| lost(&error))?.map(|(reply, _)| reply))
}

/// A reply that is neither a failure nor missing.
pub(super) fn check(reply: Option<Reply>) -> Result<Reply> {
    match reply {
        Some(Reply::Failed(failure)) => Err(failure.into()),
        Some(reply) => Ok(reply),
        None => Err(EngineError::NotRunning),
    }
}

/// A reply of the wrong kind.
pub(super) fn unexpected(reply: &Reply) -> EngineError {
    EngineError::internal(
        "asking the sandbox's supervisor",
        format!("an unexpected reply: {reply:?}"),
    )
}

/// A connection that broke.
pub(super) fn lost(error: &io::Error) -> EngineError {
    EngineError::internal("talking to the sandbox's supervisor", error)
}
