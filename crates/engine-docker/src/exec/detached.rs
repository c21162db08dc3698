//! Detached commands: those of this process' lifetime, by sandbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ctnr_engine::{EngineError, ExecInfo, ExecOutput, ExecSession, ExecSpec, ExecState, Result};
use ctnr_model::{ExecId, SandboxId};
use jiff::Timestamp;

use super::command::Command;
use super::replay::Replay;
use super::session::{Control, Sink, pump};
use super::start::StartedCommand;
use super::stdin::Stdin;
use crate::lock::lock;

/// How much output of a command is kept.
const KEPT_BYTES: usize = 1 << 20;
/// How many ended commands of a sandbox are remembered.
const KEPT_ENDED: usize = 64;

/// The detached commands of all sandboxes.
#[derive(Debug, Default)]
pub(crate) struct Detached {
    commands: Mutex<HashMap<SandboxId, Vec<Arc<Entry>>>>,
}

#[derive(Debug)]
struct Entry {
    id: ExecId,
    cmd: Vec<String>,
    terminal: bool,
    started_at: Timestamp,
    command: Command,
    stdin: Option<Stdin>,
    replay: Arc<Replay>,
}

impl Entry {
    fn session(&self) -> ExecSession {
        ExecSession {
            stdin: self.stdin.clone().map(|stdin| Box::new(stdin) as _),
            output: self.replay.read(),
            exit: Box::pin(self.command.clone().exit()),
            control: Box::new(Control::detached(self.command.clone())),
        }
    }

    fn info(&self) -> ExecInfo {
        let ended = self.command.ended();
        ExecInfo {
            id: self.id.clone(),
            cmd: self.cmd.clone(),
            terminal: self.terminal,
            pid: self.command.pid().filter(|_| ended.is_none()),
            started_at: self.started_at,
            state: match ended {
                None => ExecState::Running,
                Some((status, at)) => ExecState::Exited { status, at },
            },
        }
    }
}

impl Detached {
    /// Takes a command that was just started, and joins it.
    pub(super) fn add(
        &self,
        sandbox: &SandboxId,
        spec: &ExecSpec,
        started: StartedCommand,
    ) -> Result<ExecSession> {
        let replay = Replay::new(KEPT_BYTES);
        pump(
            started.output,
            started.terminal,
            started.command.clone(),
            Arc::clone(&replay),
        );
        let entry = Arc::new(Entry {
            id: spec.id.clone(),
            cmd: spec.cmd.clone(),
            terminal: started.terminal,
            started_at: Timestamp::now(),
            command: started.command,
            stdin: started.stdin.map(Stdin::new),
            replay,
        });
        let session = entry.session();
        let mut commands = lock(&self.commands);
        let entries = commands.entry(sandbox.clone()).or_default();
        let ended = |entry: &Arc<Entry>| entry.command.ended().is_some();
        if entries.iter().filter(|entry| ended(entry)).count() >= KEPT_ENDED
            && let Some(oldest) = entries.iter().position(ended)
        {
            entries.remove(oldest);
        }
        entries.push(entry);
        Ok(session)
    }

    /// Joins a command.
    pub(crate) fn attach(&self, sandbox: &SandboxId, exec: &ExecId) -> Result<ExecSession> {
        lock(&self.commands)
            .get(sandbox)
            .and_then(|entries| entries.iter().find(|entry| entry.id == *exec))
            .map(|entry| entry.session())
            .ok_or_else(|| EngineError::ExecNotFound(exec.clone()))
    }

    /// A sandbox's commands, oldest first.
    pub(crate) fn list(&self, sandbox: &SandboxId) -> Vec<ExecInfo> {
        lock(&self.commands)
            .get(sandbox)
            .into_iter()
            .flatten()
            .map(|entry| entry.info())
            .collect()
    }

    /// Forgets the commands of a sandbox that is started anew, or gone.
    pub(crate) fn forget(&self, sandbox: &SandboxId) {
        lock(&self.commands).remove(sandbox);
    }
}

impl Sink for Arc<Replay> {
    async fn put(&mut self, output: Result<ExecOutput>) {
        match output {
            Ok(output) => self.push(output),
            Err(error) => tracing::warn!(%error, "the output of a detached command was lost"),
        }
    }

    fn close(&mut self) {
        Replay::close(self);
    }
}
