//! Commands in running sandboxes.

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_model::{ContainerPath, EnvVar, ExecId, ExitStatus, UserSpec};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWrite;

use crate::{Result, Stream};

/// A command to run in a sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecSpec {
    /// The id, drawn by the caller.
    pub id: ExecId,
    /// The program and its arguments; not empty.
    pub cmd: Vec<String>,
    /// Added to the sandbox's environment; the same name replaces.
    pub env: Vec<EnvVar>,
    /// Instead of the sandbox's working directory.
    pub workdir: Option<ContainerPath>,
    /// Instead of the sandbox's user.
    pub user: Option<UserSpec>,
    /// How its standard streams are connected.
    pub stdio: Stdio,
    /// Whether it outlives its session.
    pub detached: bool,
}

/// How a command's standard streams are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stdio {
    /// Pipes.
    Pipes {
        /// Whether standard input is open; without it the command reads an end of file.
        stdin: bool,
    },
    /// A terminal of its own, of this size; both output streams come as one.
    Terminal(TerminalSize),
}

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Characters a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self {
            columns: 80,
            rows: 24,
        }
    }
}

/// Which of its streams a program wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputStream {
    /// Standard output, or the terminal.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A piece of a command's output, as it was written; it may begin or end within a character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// The stream.
    pub stream: OutputStream,
    /// The bytes.
    pub data: Bytes,
}

/// A command that runs.
///
/// The output has backpressure: a command whose output is not read blocks in the end.
pub struct ExecSession {
    /// Its standard input. Shutting it down gives the command an end of file; dropping it does so
    /// as well, but not for a detached command, which others may write to.
    pub stdin: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Its output, until it has closed its streams.
    pub output: Stream<Result<ExecOutput>>,
    /// Its end.
    pub exit: BoxFuture<'static, Result<ExitStatus>>,
    /// Signals and terminal size.
    pub control: Box<dyn ExecControl>,
}

impl std::fmt::Debug for ExecSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecSession").finish_non_exhaustive()
    }
}

/// What can be done to a command that runs.
#[async_trait]
pub trait ExecControl: Send + Sync {
    /// Sends a signal, by number, to the command's process group.
    async fn signal(&self, signal: i32) -> Result<()>;

    /// Sets the terminal's size; nothing happens where there is no terminal.
    async fn resize(&self, size: TerminalSize) -> Result<()>;
}

/// A detached command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecInfo {
    /// Its id.
    pub id: ExecId,
    /// The program and its arguments.
    pub cmd: Vec<String>,
    /// Whether it has a terminal.
    pub terminal: bool,
    /// Its process id on the host while it runs.
    pub pid: Option<u32>,
    /// When it was started.
    pub started_at: Timestamp,
    /// Whether it runs, or how it ended.
    pub state: ExecState,
}

/// Whether a command runs, or how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecState {
    /// It runs.
    Running,
    /// It ended.
    Exited {
        /// How.
        status: ExitStatus,
        /// When.
        at: Timestamp,
    },
}
