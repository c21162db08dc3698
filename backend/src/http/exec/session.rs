//! A command that runs, as a sequence of steps.
//!
//! ```text
//!  Output … Output ─▶ Ended      its streams are closed and it has ended,
//!                                or it has ended and what it left behind is quiet,
//!                                or its time is over
//!                   └▶ Lost      the connection to it broke
//! ```

use std::time::Duration;

use bytes::Bytes;
use ctnr_engine::{EngineError, ExecOutput, ExecSession, Stream};
use ctnr_model::ExitStatus;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

/// How long the output of an ended command has to be quiet to count as done. A program that it
/// left in the background may hold the streams open for ever.
const QUIET: Duration = Duration::from_millis(250);

/// The exit code of a command whose time was over, as timeout(1) has it.
const TIMED_OUT: i32 = 124;

/// The signal that ends a command whose time is over.
const SIGKILL: i32 = 9;

/// The next thing that a command does.
#[derive(Debug)]
pub(super) enum Step {
    /// It put something out.
    Output(ExecOutput),
    /// It has ended.
    Ended(Ended),
    /// What became of it is not known.
    Lost(EngineError),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) exit_code: i32,
    pub(super) timed_out: bool,
    pub(super) oom_killed: bool,
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        Self {
            exit_code: status.code,
            timed_out: false,
            oom_killed: status.oom_killed,
        }
    }
}

/// A command that runs. Dropping it ends an attached one.
pub(super) struct Running {
    session: ExecSession,
    feed: Option<BoxFuture<'static, ()>>,
    deadline: Option<Instant>,
    status: Option<ExitStatus>,
    is_silent: bool,
    last_word: Instant,
}

impl Running {
    /// Follows a session. `stdin`, where given, is written to it and then closed.
    pub(super) fn new(
        mut session: ExecSession,
        stdin: Option<Bytes>,
        timeout: Option<Duration>,
    ) -> Self {
        let feed = stdin
            .zip(session.stdin.take())
            .map(|(bytes, writer)| -> BoxFuture<'static, ()> { Box::pin(feed(bytes, writer)) });
        let now = Instant::now();
        Self {
            session,
            feed,
            deadline: timeout.map(|timeout| now + timeout),
            status: None,
            is_silent: false,
            last_word: now,
        }
    }

    /// Follows a session whose standard input the caller writes.
    pub(super) fn interactive(
        mut session: ExecSession,
    ) -> (Self, Option<Box<dyn AsyncWrite + Send + Unpin>>) {
        let stdin = session.stdin.take();
        (Self::new(session, None, None), stdin)
    }

    /// Its signals and terminal.
    pub(super) fn control(&self) -> &dyn ctnr_engine::ExecControl {
        &*self.session.control
    }

    /// Waits for the next step. A call that is dropped loses nothing. After `Ended` or `Lost`
    /// nothing more comes.
    pub(super) async fn step(&mut self) -> Step {
        loop {
            if let Some(status) = self.status.filter(|_| self.is_silent) {
                return Step::Ended(status.into());
            }
            let quiet = self.status.map(|_| self.last_word + QUIET);
            tokio::select! {
                // The deadline comes first, or a command that never falls silent would outlive it.
                biased;
                () = until(self.deadline) => return self.end_by_force().await,
                () = pending_or(&mut self.feed) => self.feed = None,
                item = next_output(&mut self.session.output), if !self.is_silent => match item {
                    Some(Ok(output)) => {
                        self.last_word = Instant::now();
                        return Step::Output(output);
                    }
                    Some(Err(error)) => return Step::Lost(error),
                    None => self.is_silent = true,
                },
                status = &mut self.session.exit, if self.status.is_none() => match status {
                    Ok(status) => {
                        self.status = Some(status);
                        self.last_word = Instant::now();
                    }
                    Err(error) => return Step::Lost(error),
                },
                () = until(quiet) => self.is_silent = true,
            }
        }
    }

    async fn end_by_force(&mut self) -> Step {
        // The session is dropped right after, which ends the command where the signal failed.
        if let Err(error) = self.session.control.signal(SIGKILL).await {
            tracing::debug!(%error, "killing a command whose time is over failed");
        }
        Step::Ended(Ended {
            exit_code: TIMED_OUT,
            timed_out: true,
            oom_killed: false,
        })
    }
}

/// Writes all of the standard input. A command that does not read it is not at fault.
async fn feed(bytes: Bytes, mut writer: Box<dyn AsyncWrite + Send + Unpin>) {
    if let Err(error) = writer.write_all(&bytes).await {
        tracing::debug!(%error, "a command did not read all of its input");
    }
    if let Err(error) = writer.shutdown().await {
        tracing::debug!(%error, "closing a command's input failed");
    }
}

async fn pending_or(work: &mut Option<BoxFuture<'static, ()>>) {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

async fn next_output(
    output: &mut Stream<Result<ExecOutput, EngineError>>,
) -> Option<Result<ExecOutput, EngineError>> {
    output.next().await
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
