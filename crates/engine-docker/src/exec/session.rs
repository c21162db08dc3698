//! Sessions: what a caller holds of a command.

use std::sync::Arc;

use async_trait::async_trait;
use ctnr_engine::{EngineError, ExecControl, ExecOutput, ExecSession, Result, TerminalSize};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::codec::FramedRead;

use super::command::Command;
use super::frames::Frames;
use super::start::{Output, StartedCommand};
use super::stdin::Stdin;
use crate::failure;

/// How many pieces of output wait for their reader before the command has to.
const PIECES: usize = 16;
const KILL: i32 = 9;

/// Where a command's output goes.
pub(super) trait Sink: Send + 'static {
    /// Takes a piece; may wait.
    fn put(&mut self, output: Result<ExecOutput>) -> impl Future<Output = ()> + Send;
    /// Nothing more comes.
    fn close(&mut self);
}

/// Reads a command's connection to its end.
pub(super) fn pump(connection: Output, terminal: bool, command: Command, mut sink: impl Sink) {
    let frames = if terminal {
        Frames::terminal()
    } else {
        Frames::split()
    };
    tokio::spawn(async move {
        let mut outputs = FramedRead::with_capacity(connection, frames, 32 * 1024);
        while let Some(output) = outputs.next().await {
            let output = output
                .map(|piece| piece.output)
                .map_err(|error| failure::unreachable("reading a command's output", error));
            sink.put(output).await;
        }
        sink.close();
        command.output_closed();
    });
}

/// The session of a command that ends with it.
pub(super) fn attached(started: StartedCommand) -> ExecSession {
    let (sender, receiver) = mpsc::channel(PIECES);
    let command = started.command;
    pump(started.output, started.terminal, command.clone(), sender);
    let held = Arc::new(KillOnDrop(command.clone()));
    let output = {
        let held = Arc::clone(&held);
        ReceiverStream::new(receiver)
            .inspect(move |_| {
                let _ = &held;
            })
            .boxed()
    };
    let exit = {
        let held = Arc::clone(&held);
        let command = command.clone();
        Box::pin(async move {
            let status = command.exit().await;
            drop(held);
            status
        })
    };
    ExecSession {
        stdin: started
            .stdin
            .map(|connection| Box::new(Stdin::new(connection)) as _),
        output,
        exit,
        control: Box::new(Control {
            command,
            _held: Some(held),
        }),
    }
}

impl Sink for mpsc::Sender<Result<ExecOutput>> {
    async fn put(&mut self, output: Result<ExecOutput>) {
        // Output that no one wants any more is dropped; the command goes on until its session is.
        let _ = self.send(output).await;
    }

    fn close(&mut self) {}
}

/// Kills the command when the last part of its session is dropped.
struct KillOnDrop(Command);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if self.0.ended().is_some() {
            return;
        }
        let command = self.0.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                match command.signal(KILL).await {
                    Ok(()) | Err(EngineError::Conflict(_)) => {}
                    Err(error) => tracing::warn!(%error, "an abandoned command was not killed"),
                }
            });
        }
    }
}

/// Signals and terminal size.
pub(super) struct Control {
    pub(super) command: Command,
    /// Only for what it does when it is dropped.
    _held: Option<Arc<KillOnDrop>>,
}

impl Control {
    /// The control of a command that outlives its sessions.
    pub(super) fn detached(command: Command) -> Self {
        Self {
            command,
            _held: None,
        }
    }
}

#[async_trait]
impl ExecControl for Control {
    async fn signal(&self, signal: i32) -> Result<()> {
        self.command.signal(signal).await
    }

    async fn resize(&self, size: TerminalSize) -> Result<()> {
        self.command.resize(size).await
    }
}
