//! A command in a sandbox joined to this program's own streams.
//!
//! ```text
//!  standard input ─ thread ─▶ channel ─▶ ┐              ┌─▶ channel ─ thread ─▶ standard output
//!  SIGWINCH, SIGINT, …      ───────────▶ ┤   WebSocket  ├─▶    "        "    ─▶ standard error
//!                                        └─▶          ─▶┘─▶ exit code
//! ```
//!
//! Reading and writing happen on threads of their own: a terminal that is stopped, or a pipe that
//! nobody reads, holds up neither signals nor the other direction.

mod input;
mod raw;
mod sink;
mod size;

use std::time::Duration;

use bytes::Bytes;
use ctnr_api::Signal;
use ctnr_client::{ExecInput, ExecMessage, ExecOutput};
use tokio::signal::unix::SignalKind;
use tokio::sync::mpsc;

use crate::error::{CliError, Result};
use crate::signals::listen;

pub(crate) use raw::RawMode;
pub(crate) use size::{is_terminal_input, terminal_size};

/// The exit code of a command whose time was over, as timeout(1) has it.
const TIMED_OUT: u8 = 124;
/// The exit code where nobody reads the output any more, as if SIGPIPE had ended this program.
const BROKEN_PIPE: u8 = 141;
/// Signals of one kind after which the user means this program, not the command.
const PATIENCE: u32 = 3;

/// What becomes of the command's standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdin {
    /// It is this program's, until that ends.
    Handed,
    /// It ends at once.
    Closed,
    /// It stays as it is: the command was there before.
    Left,
}

impl Stdin {
    /// Of a command that is started here.
    pub(crate) fn of_new(interactive: bool) -> Self {
        match interactive {
            true => Self::Handed,
            false => Self::Closed,
        }
    }

    /// Of a command that is joined.
    pub(crate) fn of_joined(interactive: bool) -> Self {
        match interactive {
            true => Self::Handed,
            false => Self::Left,
        }
    }
}

/// How the streams are joined.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wiring {
    /// The command's standard input.
    pub(crate) stdin: Stdin,
    /// Whether the command has a terminal.
    pub(crate) tty: bool,
    /// After how long the command is killed.
    pub(crate) timeout: Option<Duration>,
}

/// Joins a command to the streams until it ends, and gives its exit code.
pub(crate) async fn run(input: ExecInput, mut output: ExecOutput, wiring: Wiring) -> Result<u8> {
    // Restores the terminal on every way out of this function.
    let _raw = match wiring.tty && wiring.stdin == Stdin::Handed {
        true => Some(RawMode::enter()?),
        false => None,
    };
    let mut sink = sink::Sink::new();
    let (tell, told) = mpsc::channel(8);
    let mut sending = tokio::spawn(send(input, told, wiring));
    let mut forwarder = Forwarder::new(tell, wiring.tty)?;
    let deadline = async {
        match wiring.timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(deadline);
    let code = loop {
        tokio::select! {
            message = output.next() => match message? {
                ExecMessage::Started(_) => {}
                ExecMessage::Output(stream, bytes) => {
                    if !sink.write(stream, bytes).await {
                        break BROKEN_PIPE;
                    }
                }
                ExecMessage::Exit { code, oom_killed } => {
                    sink.finish().await?;
                    drop(_raw);
                    if oom_killed {
                        crate::output::note("the command was killed: it ran over the sandbox's memory limit");
                    }
                    break u8::try_from(code & 0xff).unwrap_or(u8::MAX);
                }
            },
            signal = forwarder.next() => if let Some(signal) = signal {
                return Err(CliError::Interrupted(signal));
            },
            () = &mut deadline => {
                sink.finish().await?;
                break TIMED_OUT;
            }
        }
    };
    // Dropping the sending half closes the socket, which ends a command that still runs.
    sending.abort();
    let _ = (&mut sending).await;
    Ok(code)
}

/// What is told to the command besides its standard input.
#[derive(Debug, Clone, Copy)]
enum Word {
    Signal(Signal),
    Resize(u16, u16),
}

/// Sends standard input and words until the connection is gone. A failure shows on the other
/// half, so that it needs no telling here.
async fn send(mut input: ExecInput, mut words: mpsc::Receiver<Word>, wiring: Wiring) {
    let mut stdin = (wiring.stdin == Stdin::Handed).then(input::read);
    if wiring.stdin == Stdin::Closed && input.close_stdin().await.is_err() {
        return;
    }
    loop {
        let sent = tokio::select! {
            word = words.recv() => match word {
                Some(Word::Signal(signal)) => input.signal(signal).await,
                Some(Word::Resize(columns, rows)) => input.resize(columns, rows).await,
                None => return,
            },
            piece = next(&mut stdin) => match piece {
                Some(piece) => input.write(piece).await,
                None => {
                    stdin = None;
                    input.close_stdin().await
                }
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn next(stdin: &mut Option<mpsc::Receiver<Bytes>>) -> Option<Bytes> {
    match stdin {
        Some(stdin) => stdin.recv().await,
        None => std::future::pending().await,
    }
}

/// Hands signals on to the command.
struct Forwarder {
    tell: mpsc::Sender<Word>,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    resized: tokio::signal::unix::Signal,
    tty: bool,
    asked: u32,
}

impl Forwarder {
    fn new(tell: mpsc::Sender<Word>, tty: bool) -> Result<Self> {
        Ok(Self {
            tell,
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            quit: listen(SignalKind::quit())?,
            hangup: listen(SignalKind::hangup())?,
            resized: listen(SignalKind::window_change())?,
            tty,
            asked: 0,
        })
    }

    /// Waits for a signal and hands it on. Gives it back where this program is meant: where its
    /// terminal is gone, or the command does not end however often it is asked.
    async fn next(&mut self) -> Option<i32> {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.quit.recv() => SignalKind::quit(),
            _ = self.hangup.recv() => SignalKind::hangup(),
            _ = self.resized.recv() => {
                if let (true, Some((columns, rows))) = (self.tty, terminal_size()) {
                    self.tell(Word::Resize(columns, rows));
                }
                return None;
            }
        };
        let number = kind.as_raw_value();
        self.asked += 1;
        if kind == SignalKind::hangup() || self.asked >= PATIENCE {
            return Some(number);
        }
        if let Ok(signal) = Signal::from_number(number.into()) {
            self.tell(Word::Signal(signal));
        }
        None
    }

    /// Where the connection takes nothing at the moment, a word is dropped: a later size replaces
    /// it, and a user whose signal did nothing sends another.
    fn tell(&self, word: Word) {
        let _ = self.tell.try_send(word);
    }
}
