//! Standard output and error, written on a thread of their own.

use std::io::{self, Write};
use std::thread::JoinHandle;

use bytes::Bytes;
use ctnr_api::OutputStream;
use tokio::sync::mpsc;

use crate::error::{CliError, Result};

/// Takes a command's output in order.
pub(super) struct Sink {
    sender: Option<mpsc::Sender<(OutputStream, Bytes)>>,
    writer: Option<JoinHandle<io::Result<()>>>,
}

impl Sink {
    pub(super) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(16);
        Self {
            sender: Some(sender),
            writer: Some(std::thread::spawn(move || write(receiver))),
        }
    }

    /// Hands a piece over; waits while the reader is slow. False where nobody reads any more.
    pub(super) async fn write(&mut self, stream: OutputStream, bytes: Bytes) -> bool {
        match &self.sender {
            Some(sender) => sender.send((stream, bytes)).await.is_ok(),
            None => false,
        }
    }

    /// Waits until everything is written.
    pub(super) async fn finish(&mut self) -> Result<()> {
        self.sender = None;
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let written = tokio::task::spawn_blocking(move || writer.join()).await;
        match written {
            Ok(Ok(Err(error))) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CliError::printing(error))
            }
            _ => Ok(()),
        }
    }
}

fn write(mut receiver: mpsc::Receiver<(OutputStream, Bytes)>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let mut stderr = io::stderr().lock();
    while let Some((stream, bytes)) = receiver.blocking_recv() {
        match stream {
            // Flushed piece by piece: a prompt has no end of line.
            OutputStream::Stdout => {
                stdout.write_all(&bytes)?;
                stdout.flush()?;
            }
            OutputStream::Stderr => stderr.write_all(&bytes)?,
        }
    }
    Ok(())
}
