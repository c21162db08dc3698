//! Frames on sockets driven by tokio.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::frame::{recv_some, send_some};
use super::{HEAD, decode, encode, parse_head};

/// Both directions of a connection.
pub(crate) struct Channel {
    /// Messages to the peer.
    pub(crate) sender: Sender,
    /// Messages from the peer.
    pub(crate) receiver: Receiver,
}

/// Sends messages; clones share the connection, and one message is sent at a time.
#[derive(Clone)]
pub(crate) struct Sender {
    socket: Arc<AsyncFd<UnixStream>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Receives messages. Dropping a future of [`Receiver::recv`] loses nothing.
pub(crate) struct Receiver {
    socket: Arc<AsyncFd<UnixStream>>,
    buffer: Vec<u8>,
    fds: Vec<OwnedFd>,
}

impl Channel {
    /// Takes a connected socket; must be called within a tokio runtime.
    pub(crate) fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = Arc::new(crate::stream::register(socket)?);
        Ok(Self {
            sender: Sender {
                socket: Arc::clone(&socket),
                turn: Arc::default(),
            },
            receiver: Receiver {
                socket,
                buffer: Vec::new(),
                fds: Vec::new(),
            },
        })
    }
}

impl Sender {
    /// Sends a message with descriptors.
    ///
    /// It must be driven to its end: a message that is cut ends the connection's usefulness, so
    /// callers that may be cancelled send from a task of its own.
    pub(crate) async fn send<T: serde::Serialize>(
        &self,
        message: &T,
        fds: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let bytes = encode(message, fds.len())?;
        let _turn = self.turn.lock().await;
        let mut sent = 0;
        while sent < bytes.len() {
            let fds = if sent == 0 { fds } else { &[] };
            sent += self
                .socket
                .async_io(Interest::WRITABLE, |socket| {
                    send_some(socket.as_fd(), &bytes[sent..], fds)
                })
                .await?;
        }
        Ok(())
    }
}

impl Receiver {
    /// Receives a message with its descriptors; `None` at the end of the stream.
    pub(crate) async fn recv<T: serde::de::DeserializeOwned>(
        &mut self,
    ) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            let (buffer, fds) = (&mut self.buffer, &mut self.fds);
            let count = self
                .socket
                .async_io(Interest::READABLE, |socket| {
                    // Not in the future, of which each sandbox has one for as long as it runs.
                    let mut chunk = [0; 16 * 1024];
                    let count = recv_some(socket.as_fd(), &mut chunk, fds)?;
                    buffer.extend_from_slice(&chunk[..count]);
                    Ok(count)
                })
                .await?;
            if count == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// Takes a whole message out of the buffer, where there is one.
    fn take<T: serde::de::DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let Some(head) = self.buffer.first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let (len, fds) = parse_head(*head)?;
        let end = HEAD + len;
        if self.buffer.len() < end {
            return Ok(None);
        }
        if self.fds.len() < fds {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "descriptors were lost",
            ));
        }
        let message = decode(&self.buffer[HEAD..end])?;
        self.buffer.drain(..end);
        Ok(Some((message, self.fds.drain(..fds).collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_takes_little_memory() {
        let (left, _right) = UnixStream::pair().unwrap();
        let mut left = Channel::new(left).unwrap();
        assert!(size_of_val(&left.receiver.recv::<String>()) < 2048);
    }

    #[tokio::test]
    async fn messages_keep_their_order_and_descriptors() {
        let (left, right) = UnixStream::pair().unwrap();
        let left = Channel::new(left).unwrap();
        let mut right = Channel::new(right).unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        let big = "x".repeat(300_000);
        let sending = async {
            left.sender.send(&big, &[]).await.unwrap();
            left.sender.send(&"plain".to_owned(), &[]).await.unwrap();
            left.sender
                .send(&"fds".to_owned(), &[file.as_fd()])
                .await
                .unwrap();
        };
        let receiving = async {
            let (text, fds) = right.receiver.recv::<String>().await.unwrap().unwrap();
            assert_eq!((text.len(), fds.len()), (300_000, 0));
            let (text, fds) = right.receiver.recv::<String>().await.unwrap().unwrap();
            assert_eq!((text.as_str(), fds.len()), ("plain", 0));
            let (text, fds) = right.receiver.recv::<String>().await.unwrap().unwrap();
            assert_eq!((text.as_str(), fds.len()), ("fds", 1));
        };
        tokio::join!(sending, receiving);
    }
}
