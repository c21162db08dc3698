//! Uploads of a bounded size.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// A reader that fails where more comes than it may give.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
    passed: Arc<AtomicBool>,
}

/// Whether a [`Bounded`] reader failed for its bound.
pub(super) struct Passed(Arc<AtomicBool>);

impl Passed {
    pub(super) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<R> Bounded<R> {
    /// At most `most` bytes of a reader.
    pub(super) fn new(inner: R, most: u64) -> (Self, Passed) {
        let passed = Arc::new(AtomicBool::new(false));
        let bounded = Self {
            inner,
            left: most,
            passed: passed.clone(),
        };
        (bounded, Passed(passed))
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        let read = (buffer.filled().len() - before) as u64;
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => {
                self.passed.store(true, Ordering::Relaxed);
                // One who fails has read nothing.
                buffer.set_filled(before);
                return Poll::Ready(Err(io::Error::other("more came than is taken")));
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn what_is_within_the_bound_is_read_and_no_more() {
        for (most, is_passed) in [(4, false), (3, true)] {
            let (mut reader, passed) = Bounded::new(&b"four"[..], most);
            let read = reader.read_to_end(&mut Vec::new()).await;
            assert_eq!((read.is_err(), passed.is_so()), (is_passed, is_passed));
        }
    }
}
