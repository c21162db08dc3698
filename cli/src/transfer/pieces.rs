//! Streams of pieces, from and to ordinary readers and writers.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use ctnr_client::Stream;
use futures::{StreamExt, stream};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

/// The size of a piece.
const PIECE: usize = 64 * 1024;

/// What a reader holds, as a stream of pieces.
pub(crate) fn pieces(
    reader: impl AsyncRead + Send + Unpin + 'static,
) -> impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold(reader, |mut reader| async move {
        let mut piece = BytesMut::with_capacity(PIECE);
        match reader.read_buf(&mut piece).await? {
            0 => Ok(None),
            _ => Ok(Some((piece.freeze(), reader))),
        }
    })
}

/// A writer on a thread whose pieces become a stream elsewhere.
pub(super) struct Writer {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: BytesMut,
}

impl Writer {
    /// The writer, and the stream.
    pub(super) fn new() -> (
        Self,
        impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) {
        let (sender, receiver) = mpsc::channel(4);
        let writer = Self {
            sender,
            piece: BytesMut::with_capacity(PIECE),
        };
        let stream = stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|piece| (piece, receiver))
        });
        (writer, stream)
    }

    /// Breaks the stream off, so that the other side does not take it for whole.
    pub(super) fn fail(&self, error: io::Error) {
        // Whoever reads may be gone, and then needs no telling.
        let _ = self.sender.blocking_send(Err(error));
    }

    fn send(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = self.piece.split().freeze();
        self.sender
            .blocking_send(Ok(piece))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

/// A stream of pieces as a reader on a thread.
pub(crate) struct Reader {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Reader {
    /// Reads from a stream, which is driven by a task of its own.
    pub(crate) fn new(mut stream: Stream<Bytes>) -> Self {
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(async move {
            while let Some(piece) = stream.next().await {
                let piece = piece.map_err(io::Error::other);
                if sender.send(piece).await.is_err() {
                    return;
                }
            }
        });
        Self {
            receiver,
            piece: Bytes::new(),
        }
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let length = into.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut into[..length]);
        Ok(length)
    }
}
