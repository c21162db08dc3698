//! Descriptors for tokio.
#![expect(
    unsafe_code,
    reason = "registering a descriptor with tokio asks for a promise"
)]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use tokio::io::AsyncWrite;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::{Receiver, Sender};

/// Reads from a pipe or a terminal. The end of a terminal reads as `EIO`.
pub(crate) fn reader(fd: OwnedFd) -> io::Result<Receiver> {
    set_nonblocking(&fd)?;
    Receiver::from_owned_fd_unchecked(fd)
}

/// The writing end of a command's input: shutting it down closes it, which is the end of file that
/// the command reads.
pub(crate) struct Input(Option<Sender>);

impl Input {
    /// Takes a pipe or a terminal.
    pub(crate) fn new(fd: OwnedFd) -> io::Result<Self> {
        writer(fd).map(|pipe| Self(Some(pipe)))
    }
}

impl AsyncWrite for Input {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Some(pipe) => Pin::new(pipe).poll_write(cx, data),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The kernel has what was written.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}

/// Writes to a pipe or a terminal.
pub(crate) fn writer(fd: OwnedFd) -> io::Result<Sender> {
    set_nonblocking(&fd)?;
    Sender::from_owned_fd_unchecked(fd)
}

/// A descriptor that stays the same as long as its value lives.
pub(crate) trait Steady: AsRawFd {}
impl Steady for OwnedFd {}
impl Steady for std::os::unix::net::UnixStream {}
impl Steady for crate::process::PidFd {}
impl Steady for crate::seccomp::Listener {}

/// Has tokio wait for a descriptor. Must be called within a runtime.
pub(crate) fn register<T: Steady>(fd: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: the value owns its descriptor, and keeps it open and the same until it is dropped.
    Ok(unsafe { AsyncFd::register(fd) }?)
}

fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    Ok(fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?)
}
