//! Sessions with detached commands, whose streams the supervisor holds.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::{EngineError, ExecControl, ExecOutput, ExecSession, Result, TerminalSize};
use ctnr_model::{ExecId, ExitStatus};
use futures::{FutureExt, StreamExt};
use tokio::io::AsyncWrite;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::PollSender;

use super::control::{self, check, lost, unexpected};
use super::sandbox::Sandbox;
use crate::protocol::{ExecInput, Reply, Request};
use crate::wire::{Channel, Receiver};

/// How many pieces of output wait for their reader.
const WAITING: usize = 8;

/// The most input that is sent at once.
const CHUNK: usize = 64 * 1024;

/// Joins a detached command; see the trait.
pub(super) async fn attach(sandbox: &Sandbox, exec: &ExecId) -> Result<ExecSession> {
    session(control::send(sandbox, &Request::Attach(exec.clone()), &[]).await?).await
}

/// A session over a connection on which a command was started or joined.
pub(super) async fn session(mut channel: Channel) -> Result<ExecSession> {
    let reply = channel
        .receiver
        .recv::<Reply>()
        .await
        .map_err(|error| lost(&error))?;
    match check(reply.map(|(reply, _)| reply))? {
        Reply::Started(_) => {}
        reply => return Err(unexpected(&reply)),
    }
    let Channel { sender, receiver } = channel;
    let (output_sender, output) = mpsc::channel(WAITING);
    let (exit_sender, exit) = oneshot::channel();
    tokio::spawn(read(receiver, output_sender, exit_sender));
    // One task sends, so that a caller who leaves never cuts a message.
    let (input, mut inputs) = mpsc::channel::<ExecInput>(WAITING);
    tokio::spawn(async move {
        while let Some(input) = inputs.recv().await {
            if sender.send(&input, &[]).await.is_err() {
                return;
            }
        }
    });
    let exit = exit.map(|ended| {
        ended.unwrap_or_else(|_| {
            Err(EngineError::internal(
                "waiting for the command",
                "the sandbox has ended",
            ))
        })
    });
    Ok(ExecSession {
        stdin: Some(Box::new(Stdin {
            input: PollSender::new(input.clone()),
        })),
        output: ReceiverStream::new(output).boxed(),
        exit: exit.boxed(),
        control: Box::new(Control { input }),
    })
}

async fn read(
    mut receiver: Receiver,
    output: mpsc::Sender<Result<ExecOutput>>,
    exit: oneshot::Sender<Result<ExitStatus>>,
) {
    loop {
        match receiver.recv::<Reply>().await {
            Ok(Some((Reply::Output(stream, data), _))) => {
                let piece = Ok(ExecOutput {
                    stream,
                    data: Bytes::from(data),
                });
                // Nobody reads any more; the command goes on, and its end is still waited for
                // where somebody does that.
                if output.send(piece).await.is_err() && exit.is_closed() {
                    return;
                }
            }
            Ok(Some((Reply::Exited(status), _))) => {
                let _ = exit.send(Ok(status));
                return;
            }
            Ok(Some((reply, _))) => {
                let _ = exit.send(Err(unexpected(&reply)));
                return;
            }
            Ok(None) | Err(_) => return,
        }
    }
}

/// Input for a command; shutting it down gives the command an end of file.
struct Stdin {
    input: PollSender<ExecInput>,
}

impl Stdin {
    fn poll_send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<()>> {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        std::task::ready!(self.input.poll_reserve(cx)).map_err(|_| closed())?;
        let sent = self.input.send_item(ExecInput::Stdin(data.to_vec()));
        Poll::Ready(sent.map_err(|_| closed()))
    }
}

impl AsyncWrite for Stdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let data = &data[..data.len().min(CHUNK)];
        self.poll_send(cx, data).map_ok(|()| data.len())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx, &[])
    }
}

struct Control {
    input: mpsc::Sender<ExecInput>,
}

impl Control {
    async fn send(&self, input: ExecInput) -> Result<()> {
        self.input
            .send(input)
            .await
            .map_err(|_| EngineError::NotRunning)
    }
}

#[async_trait]
impl ExecControl for Control {
    async fn signal(&self, signal: i32) -> Result<()> {
        self.send(ExecInput::Signal(signal)).await
    }

    async fn resize(&self, size: TerminalSize) -> Result<()> {
        self.send(ExecInput::Resize(size)).await
    }
}
