//! Bytes that are counted as they pass, for as long as their job is wanted.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// A reader that asks `on` with each piece how many bytes have passed, and fails where that says so.
pub(super) struct Metered<R, F> {
    inner: R,
    on: F,
}

impl<R, F: FnMut(u64) -> io::Result<()>> Metered<R, F> {
    /// Counts the bytes of a reader.
    pub(super) fn new(inner: R, on: F) -> Self {
        Self { inner, on }
    }
}

impl<R: AsyncRead + Unpin, F: FnMut(u64) -> io::Result<()> + Unpin> AsyncRead for Metered<R, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let passed = (buffer.filled().len() - before) as u64;
        let result = (self.on)(passed);
        if result.is_err() {
            // One who fails has read nothing.
            buffer.set_filled(before);
        }
        Poll::Ready(result)
    }
}
