//! The bodies of calls, as far as they are whole.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// A body whose end counts only where its sender has ended it: half a file must not be taken for a
/// whole one.
///
/// hyper takes the body of a stream that is reset without an error for one that came to its end, and
/// tonic, with some of its features, that of a call that was cancelled. It does not know this one's
/// error.
pub(super) struct Whole(pub(super) Incoming);

impl Body for Whole {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.0).poll_frame(context));
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(Ok(frame)),
            Some(Err(error)) => Some(Err(broken(&error.to_string()))),
            None if self.0.is_end_stream() => None,
            None => Some(Err(broken("its stream was reset"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

fn broken(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("the call broke off: {why}"),
    )
}
