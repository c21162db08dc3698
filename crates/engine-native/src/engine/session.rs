//! Sessions with attached commands, whose streams the engine holds.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use ctnr_engine::{
    EngineError, ExecControl, ExecOutput, ExecSession, OutputStream, Result, Stream, TerminalSize,
};
use ctnr_model::ExitStatus;
use futures::{FutureExt, StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::control::{check, lost, unexpected};
use crate::protocol::{ExecInput, Reply};
use crate::stream::{Input, reader};
use crate::terminal;
use crate::wire::{Channel, Sender};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// How long output is waited for after the command has ended, where a process that it left behind
/// still holds its streams.
const DRAIN: Duration = Duration::from_millis(100);

/// The engine's ends of a command's streams.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) stdin: Option<OwnedFd>,
    pub(super) output: Vec<(OutputStream, OwnedFd)>,
    terminal: Option<OwnedFd>,
}

impl Streams {
    /// Takes the master of the command's terminal as all of its streams.
    pub(super) fn set_terminal(&mut self, master: OwnedFd) -> io::Result<()> {
        self.stdin = Some(master.try_clone()?);
        self.output
            .push((OutputStream::Stdout, master.try_clone()?));
        self.terminal = Some(master);
        Ok(())
    }
}

/// The connection to the supervisor, which kills the command when it is closed: it is kept as
/// long as any part of the session.
struct Lifeline(AbortHandle);

impl Drop for Lifeline {
    fn drop(&mut self) {
        self.0.abort();
    }
}

type Exit = watch::Receiver<Option<std::result::Result<ExitStatus, String>>>;

/// A session with a command that has just been started.
pub(super) fn attached(channel: Channel, streams: Streams) -> io::Result<ExecSession> {
    let Channel {
        sender,
        mut receiver,
    } = channel;
    let (tell, exit): (_, Exit) = watch::channel(None);
    let waiting = tokio::spawn(async move {
        let reply = receiver.recv::<Reply>().await.map_err(|error| lost(&error));
        let ended = match reply.and_then(|reply| check(reply.map(|(reply, _)| reply))) {
            Ok(Reply::Exited(status)) => Ok(status),
            Ok(reply) => Err(unexpected(&reply).to_string()),
            Err(EngineError::NotRunning) => Err("the sandbox has ended".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let _ = tell.send(Some(ended));
        // Kept open: closing it is what kills a command.
        drop(receiver);
    });
    let lifeline = Arc::new(Lifeline(waiting.abort_handle()));
    let mut outputs = Vec::new();
    for (name, fd) in streams.output {
        outputs.push(output(
            name,
            reader(fd)?,
            exit.clone(),
            Arc::clone(&lifeline),
        ));
    }
    let stdin = match streams.stdin {
        Some(fd) => Some(Box::new(Input::new(fd)?) as Box<dyn AsyncWrite + Send + Unpin>),
        None => None,
    };
    let waited = Arc::clone(&lifeline);
    Ok(ExecSession {
        stdin,
        output: stream::select_all(outputs).boxed(),
        exit: wait(exit)
            .map(move |result| {
                drop(waited);
                result
            })
            .boxed(),
        control: Box::new(Control {
            sender,
            terminal: streams.terminal,
            _lifeline: lifeline,
        }),
    })
}

async fn wait(mut exit: Exit) -> Result<ExitStatus> {
    let doing = "waiting for the command";
    let ended = exit.wait_for(Option::is_some).await;
    let ended = ended.map_err(|error| EngineError::internal(doing, error))?;
    match &*ended {
        Some(Ok(status)) => Ok(*status),
        Some(Err(cause)) => Err(EngineError::internal(doing, cause)),
        None => Err(EngineError::internal(doing, "it has no end")),
    }
}

async fn ended(exit: &mut Exit) {
    // A sender that is gone has ended, too.
    let _ = exit.wait_for(Option::is_some).await;
}

/// Reads a stream until it is closed, or the command has ended and nothing more comes.
fn output(
    name: OutputStream,
    pipe: pipe::Receiver,
    exit: Exit,
    lifeline: Arc<Lifeline>,
) -> Stream<Result<ExecOutput>> {
    let state = (pipe, exit, lifeline, BytesMut::new());
    stream::unfold(
        state,
        move |(mut pipe, mut exit, lifeline, mut buffer)| async move {
            buffer.reserve(CHUNK);
            let read = tokio::select! {
                biased;
                read = pipe.read_buf(&mut buffer) => Some(read),
                () = ended(&mut exit) => None,
            };
            let read = match read {
                Some(read) => read,
                None => tokio::time::timeout(DRAIN, pipe.read_buf(&mut buffer))
                    .await
                    .ok()?,
            };
            match read {
                // A terminal whose other end is closed reads as an error.
                Ok(0) | Err(_) => None,
                Ok(_) => {
                    let data = buffer.split().freeze();
                    Some((
                        Ok(ExecOutput { stream: name, data }),
                        (pipe, exit, lifeline, buffer),
                    ))
                }
            }
        },
    )
    .boxed()
}

struct Control {
    sender: Sender,
    terminal: Option<OwnedFd>,
    _lifeline: Arc<Lifeline>,
}

#[async_trait]
impl ExecControl for Control {
    async fn signal(&self, signal: i32) -> Result<()> {
        self.sender
            .send(&ExecInput::Signal(signal), &[])
            .await
            .map_err(|error| lost(&error))
    }

    async fn resize(&self, size: TerminalSize) -> Result<()> {
        match &self.terminal {
            Some(master) => terminal::set_size(master.as_fd(), size)
                .map_err(|error| EngineError::internal("resizing the terminal", error)),
            None => Ok(()),
        }
    }
}
