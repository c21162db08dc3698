//! Standard input: bytes on their way to a command, written by one task so that several sessions
//! can write to one command.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt, WriteHalf};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

use crate::raw::Hijacked;

/// How many pieces wait, and the length of one.
const PIECES: usize = 8;
const PIECE: usize = 32 * 1024;

/// A piece of input, or its end.
type Piece = Option<Bytes>;

/// The way to a command's standard input. When the last clone is dropped, the command reads an
/// end of file.
#[derive(Debug, Clone)]
pub(super) struct Stdin(PollSender<Piece>);

impl Stdin {
    /// Writes to `connection` from here on.
    pub(super) fn new(mut connection: WriteHalf<Hijacked>) -> Self {
        let (sender, mut pieces) = mpsc::channel::<Piece>(PIECES);
        tokio::spawn(async move {
            while let Some(Some(piece)) = pieces.recv().await {
                // An error means that the command has ended; those who write learn it by the
                // channel that closes.
                if connection.write_all(&piece).await.is_err() || connection.flush().await.is_err()
                {
                    return;
                }
            }
            // Closing one direction; the output goes on.
            let _ = connection.shutdown().await;
        });
        Self(PollSender::new(sender))
    }

    fn send(&mut self, context: &mut Context<'_>, piece: Piece) -> Poll<io::Result<()>> {
        let closed = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the command's input is closed");
        ready!(self.0.poll_reserve(context)).map_err(closed)?;
        Poll::Ready(self.0.send_item(piece).map_err(closed))
    }
}

impl AsyncWrite for Stdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let piece = &bytes[..bytes.len().min(PIECE)];
        if piece.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.send(context, Some(Bytes::copy_from_slice(piece))))?;
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // That it is closed already is what was wanted.
        let _ = ready!(self.send(context, None));
        Poll::Ready(Ok(()))
    }
}
