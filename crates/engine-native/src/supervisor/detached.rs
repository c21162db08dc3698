//! Commands that outlive their callers.
//!
//! The supervisor holds a detached command's streams itself: it keeps the end of the output, and
//! hands it to whoever attaches.

mod backlog;
mod command;

use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use ctnr_engine::{ExecInfo, ExecSpec, ExecState, OutputStream, Stdio, TerminalSize};
use ctnr_model::ExecId;
use jiff::Timestamp;
use rustix::pipe::{PipeFlags, pipe_with};

use super::exec::{self, Running};
use super::serve::Sandbox;
use crate::failure::Doing;
use crate::protocol::Failure;
use crate::terminal;

pub(super) use command::Command;

/// How many ended commands are remembered.
const REMEMBERED: usize = 128;

/// The detached commands of a sandbox, in the order in which they were started.
#[derive(Default)]
pub(super) struct Detached {
    commands: RefCell<Vec<Rc<Command>>>,
}

impl Detached {
    /// Starts a command.
    pub(super) async fn start(
        &self,
        sandbox: &Rc<Sandbox>,
        spec: ExecSpec,
    ) -> Result<Rc<Command>, Failure> {
        let doing = "making the command's pipes";
        let pipe = || pipe_with(PipeFlags::CLOEXEC).doing(doing);
        let mut streams: Vec<(OutputStream, OwnedFd)> = Vec::new();
        let mut stdin = None;
        let fds = match spec.stdio {
            Stdio::Terminal(_) => Vec::new(),
            Stdio::Pipes { stdin: wanted } => {
                let (stdout, stdout_end) = pipe()?;
                let (stderr, stderr_end) = pipe()?;
                streams.push((OutputStream::Stdout, stdout));
                streams.push((OutputStream::Stderr, stderr));
                let stdin_end = if wanted {
                    let (stdin_end, ours) = pipe()?;
                    stdin = Some(ours);
                    stdin_end
                } else {
                    std::fs::File::open("/dev/null").doing(doing)?.into()
                };
                vec![stdin_end, stdout_end, stderr_end]
            }
        };
        let Running {
            child,
            pid,
            terminal,
        } = exec::start(sandbox, &spec, fds).await?;
        if let Some(terminal) = &terminal {
            stdin = Some(terminal.try_clone().doing(doing)?);
            streams.push((OutputStream::Stdout, terminal.try_clone().doing(doing)?));
        }
        let info = ExecInfo {
            id: spec.id,
            cmd: spec.cmd,
            terminal: terminal.is_some(),
            pid: Some(pid),
            started_at: Timestamp::now(),
            state: ExecState::Running,
        };
        let command = Command::start(info, child, terminal, stdin, streams).doing(doing)?;
        self.remember(Rc::clone(&command));
        Ok(command)
    }

    fn remember(&self, command: Rc<Command>) {
        let mut commands = self.commands.borrow_mut();
        commands.push(command);
        let ended = commands
            .iter()
            .filter(|command| command.has_ended())
            .count();
        if ended > REMEMBERED
            && let Some(oldest) = commands.iter().position(|command| command.has_ended())
        {
            commands.remove(oldest);
        }
    }

    /// A command by its id.
    pub(super) fn get(&self, id: &ExecId) -> Result<Rc<Command>, Failure> {
        let commands = self.commands.borrow();
        let command = commands.iter().find(|command| command.info().id == *id);
        command
            .cloned()
            .ok_or_else(|| Failure::ExecNotFound(id.clone()))
    }

    /// All of them.
    pub(super) fn list(&self) -> Vec<ExecInfo> {
        self.commands
            .borrow()
            .iter()
            .map(|command| command.info())
            .collect()
    }

    /// Signals a command; one that has ended is no error.
    pub(super) fn signal(&self, id: &ExecId, signal: i32) -> Result<(), Failure> {
        let command = self.get(id)?;
        if let Some(pid) = command.info().pid {
            exec::kill_group(pid, signal);
        }
        Ok(())
    }

    /// Sets the size of a command's terminal; nothing happens where it has none.
    pub(super) fn resize(&self, id: &ExecId, size: TerminalSize) -> Result<(), Failure> {
        match self.get(id)?.terminal() {
            Some(master) => terminal::set_size(master.as_fd(), size).doing("resizing the terminal"),
            None => Ok(()),
        }
    }
}
