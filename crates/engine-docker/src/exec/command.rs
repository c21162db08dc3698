//! A command that was executed: its end, and signals to it.

use std::sync::Arc;
use std::time::Duration;

use ctnr_engine::{EngineError, Result, TerminalSize};
use ctnr_model::ExitStatus;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::{signal, start};
use crate::daemon::Daemon;
use crate::sandboxes::ContainerId;
use crate::status::exit_of;

/// Pauses between two looks at a command: while its output is open, and once it is closed.
const LONGEST_POLL: Duration = Duration::from_secs(1);
const FIRST_POLL: Duration = Duration::from_millis(50);
const FIRST_POLL_AFTER_OUTPUT: Duration = Duration::from_millis(2);
/// The exit code of a command that was killed with its sandbox, whose own is lost.
const KILLED: i64 = 137;

/// How and when a command ended.
pub(super) type Ended = (ExitStatus, Timestamp);

/// A command that was executed.
#[derive(Debug, Clone)]
pub(super) struct Command {
    daemon: Daemon,
    container: ContainerId,
    exec: String,
    /// `None` where it had ended before it could be asked for.
    pid: Option<u32>,
    ended: watch::Receiver<Option<Ended>>,
    output_closed: Arc<Notify>,
}

impl Command {
    /// Takes charge of a command; a task waits for its end.
    pub(super) fn new(
        daemon: Daemon,
        container: ContainerId,
        exec: String,
        pid: Option<u32>,
    ) -> Self {
        let (sender, ended) = watch::channel(None);
        let output_closed = Arc::new(Notify::new());
        tokio::spawn(wait(
            daemon.clone(),
            exec.clone(),
            Arc::clone(&output_closed),
            sender,
        ));
        Self {
            daemon,
            container,
            exec,
            pid,
            ended,
            output_closed,
        }
    }

    /// The daemon's id of it.
    pub(super) fn exec(&self) -> &str {
        &self.exec
    }

    /// Its process id on the host.
    pub(super) fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// How it ended, where it has.
    pub(super) fn ended(&self) -> Option<Ended> {
        *self.ended.borrow()
    }

    /// Waits for its end.
    pub(super) async fn exit(mut self) -> Result<ExitStatus> {
        let ended = self.ended.wait_for(Option::is_some).await;
        match ended.map(|ended| *ended) {
            Ok(Some((status, _))) => Ok(status),
            _ => Err(EngineError::internal(
                "waiting for a command",
                "nothing watches it; the engine is being shut down",
            )),
        }
    }

    /// Says that its output was closed, so that its end is near.
    pub(super) fn output_closed(&self) {
        self.output_closed.notify_one();
    }

    /// Sends a signal to its process group.
    pub(super) async fn signal(&self, signal: i32) -> Result<()> {
        match self.pid {
            Some(pid) if self.ended().is_none() => {
                signal::send(&self.daemon, &self.container, pid, signal).await
            }
            _ => Err(EngineError::Conflict("the command has ended".to_owned())),
        }
    }

    /// Sets its terminal's size.
    pub(super) async fn resize(&self, size: TerminalSize) -> Result<()> {
        if self.ended().is_some() {
            return Ok(());
        }
        start::resize(&self.daemon, &self.exec, size).await
    }
}

/// Looks at the command until it has ended.
async fn wait(
    daemon: Daemon,
    exec: String,
    output_closed: Arc<Notify>,
    ended: watch::Sender<Option<Ended>>,
) {
    let mut pause = FIRST_POLL;
    loop {
        tokio::select! {
            () = output_closed.notified() => pause = FIRST_POLL_AFTER_OUTPUT,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_POLL),
        }
        let code = match daemon
            .call("waiting for a command", daemon.api().inspect_exec(&exec))
            .await
        {
            Ok(inspected) if inspected.running == Some(false) => inspected.exit_code,
            Ok(_) => continue,
            // The daemon forgets commands with their container, and some time after they ended.
            Err(EngineError::SandboxNotFound) => Some(KILLED),
            Err(EngineError::Internal { cause, .. }) if is_forgotten(&cause) => Some(KILLED),
            Err(error) => {
                tracing::debug!(%error, "a command can't be looked at");
                continue;
            }
        };
        ended.send_replace(Some((exit_of(code, false), Timestamp::now())));
        return;
    }
}

fn is_forgotten(cause: &str) -> bool {
    let cause = cause.to_ascii_lowercase();
    cause.contains("no such exec") || cause.contains("no exec session")
}
