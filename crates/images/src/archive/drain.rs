//! Bytes of a blocking thread for an asynchronous writer.

use std::io::{self, Write};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// The size of a piece in the queue.
const PIECE: usize = 128 * 1024;
/// How many pieces may wait.
const QUEUE: usize = 8;

/// The blocking end.
pub(crate) struct Source {
    queue: mpsc::Sender<Vec<u8>>,
    piece: Vec<u8>,
}

/// The asynchronous end.
pub(crate) struct Drain {
    queue: mpsc::Receiver<Vec<u8>>,
}

/// Both ends of a queue.
pub(crate) fn drain() -> (Source, Drain) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (
        Source {
            queue: sender,
            piece: Vec::new(),
        },
        Drain { queue: receiver },
    )
}

impl Drain {
    /// Writes everything that comes. The blocking side sees an error where this one ends early.
    pub(crate) async fn pump(mut self, mut out: impl AsyncWrite + Unpin) -> io::Result<()> {
        while let Some(piece) = self.queue.recv().await {
            out.write_all(&piece).await?;
        }
        out.flush().await
    }
}

impl Write for Source {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(buffer);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.piece);
        self.queue
            .blocking_send(piece)
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
