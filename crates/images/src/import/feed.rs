//! Bytes of an asynchronous reader for a blocking thread.
//!
//! Tars are read and unpacked by blocking code. It gets its bytes through a short queue, so that a
//! fast sender waits for a slow disk. When the asynchronous side is dropped, the blocking side sees
//! an error and cleans up.

use std::io::{self, Read};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use crate::ImageError;

/// The size of a piece in the queue.
const PIECE: usize = 128 * 1024;
/// How many pieces may wait.
const QUEUE: usize = 8;

/// The blocking end.
pub(crate) struct Feed {
    queue: mpsc::Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

/// The asynchronous end.
pub(crate) struct Feeder {
    queue: mpsc::Sender<io::Result<Vec<u8>>>,
}

/// Both ends of a queue.
pub(crate) fn feed() -> (Feeder, Feed) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let feed = Feed {
        queue: receiver,
        piece: Vec::new(),
        at: 0,
        ended: false,
    };
    (Feeder { queue: sender }, feed)
}

impl Feeder {
    /// Passes everything on, and then the end. Returns early where the other side wants no more.
    pub(crate) async fn pump(self, mut reader: impl AsyncRead + Unpin) {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = reader.read_buf(&mut piece).await;
            let last = !matches!(read, Ok(count) if count > 0);
            let message = read.map(|_| piece);
            if self.queue.send(message).await.is_err() || last {
                return;
            }
        }
    }
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.ended {
            match self.queue.blocking_recv() {
                // The end is told by an empty piece; silence means that the sender is gone.
                None => {
                    return Err(ImageError::Cancelled {
                        what: "reading the archive",
                    }
                    .into());
                }
                Some(Err(error)) => return Err(error),
                Some(Ok(piece)) => {
                    self.ended = piece.is_empty();
                    self.piece = piece;
                    self.at = 0;
                }
            }
        }
        let left = &self.piece[self.at..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_arrive_in_order_and_end() {
        let (feeder, mut feed) = feed();
        let sent: Vec<u8> = (0..1_000_000u32).flat_map(u32::to_le_bytes).collect();
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            feed.read_to_end(&mut bytes).map(|_| bytes)
        });
        feeder.pump(sent.as_slice()).await;
        assert!(read.await.unwrap().unwrap() == sent);
    }

    #[tokio::test]
    async fn a_dropped_sender_is_an_error_and_not_the_end() {
        let (feeder, mut feed) = feed();
        drop(feeder);
        let read = tokio::task::spawn_blocking(move || feed.read(&mut [0; 8]));
        assert!(read.await.unwrap().is_err());
    }
}
