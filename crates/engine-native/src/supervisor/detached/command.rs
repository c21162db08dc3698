//! One detached command.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use ctnr_engine::{ExecInfo, ExecState, OutputStream};
use ctnr_model::ExitStatus;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::{Mutex, Notify};

use super::backlog::Backlog;
use crate::process::PidFd;
use crate::protocol::{ExecInput, Reply};
use crate::supervisor::exec::kill_group;
use crate::supervisor::serve::wait_for;
use crate::terminal;
use crate::wire::{Receiver, Sender};

/// A command whose streams the supervisor holds.
pub(in crate::supervisor) struct Command {
    info: RefCell<ExecInfo>,
    terminal: Option<OwnedFd>,
    stdin: Mutex<Option<pipe::Sender>>,
    backlog: RefCell<Backlog>,
    /// How many of its output streams are open.
    open: Cell<usize>,
    changed: Notify,
}

impl Command {
    /// Takes over a command that was just started.
    pub(super) fn start(
        info: ExecInfo,
        child: PidFd,
        terminal: Option<OwnedFd>,
        stdin: Option<OwnedFd>,
        streams: Vec<(OutputStream, OwnedFd)>,
    ) -> io::Result<Rc<Self>> {
        let stdin = stdin.map(crate::stream::writer).transpose()?;
        let command = Rc::new(Self {
            info: RefCell::new(info),
            terminal,
            stdin: Mutex::new(stdin),
            backlog: RefCell::default(),
            open: Cell::new(streams.len()),
            changed: Notify::new(),
        });
        for (stream, fd) in streams {
            let output = crate::stream::reader(fd)?;
            tokio::task::spawn_local(Rc::clone(&command).pump(stream, output));
        }
        let waited = Rc::clone(&command);
        tokio::task::spawn_local(async move {
            let status = wait_for(child)
                .await
                .unwrap_or_else(|_| ExitStatus::exited(255));
            let mut info = waited.info.borrow_mut();
            info.pid = None;
            info.state = ExecState::Exited {
                status,
                at: Timestamp::now(),
            };
            waited.changed.notify_waiters();
        });
        Ok(command)
    }

    /// What is known of it.
    pub(super) fn info(&self) -> ExecInfo {
        self.info.borrow().clone()
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.info.borrow().state, ExecState::Exited { .. })
    }

    /// The master of its terminal.
    pub(super) fn terminal(&self) -> Option<&OwnedFd> {
        self.terminal.as_ref()
    }

    /// Keeps its output, until it closes the stream. A terminal's end reads as an error.
    async fn pump(self: Rc<Self>, stream: OutputStream, mut output: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 8 * 1024];
        while let Ok(count @ 1..) = output.read(&mut buffer).await {
            self.backlog
                .borrow_mut()
                .push(stream, buffer[..count].to_vec());
            self.changed.notify_waiters();
        }
        self.open.set(self.open.get() - 1);
        self.changed.notify_waiters();
    }

    /// Serves one who attaches, until the command has ended or they leave.
    pub(in crate::supervisor) async fn attach(
        self: Rc<Self>,
        sender: Sender,
        mut receiver: Receiver,
    ) -> io::Result<()> {
        let pid = self.info.borrow().pid.unwrap_or(0);
        sender.send(&Reply::Started(pid), &[]).await?;
        let input = async {
            while let Some((input, _)) = receiver.recv::<ExecInput>().await? {
                self.take(input).await?;
            }
            io::Result::Ok(())
        };
        tokio::select! {
            result = self.send_output(&sender) => result,
            result = input => result,
        }
    }

    async fn take(&self, input: ExecInput) -> io::Result<()> {
        match input {
            ExecInput::Stdin(data) => {
                let mut stdin = self.stdin.lock().await;
                match stdin.as_mut() {
                    // A terminal's end of file is a character, and closing one side of it none.
                    Some(_) if data.is_empty() && self.terminal.is_none() => *stdin = None,
                    // A command that has closed its input does not end the connection.
                    Some(pipe) => drop(pipe.write_all(&data).await),
                    None => {}
                }
            }
            ExecInput::Signal(signal) => {
                if let Some(pid) = self.info.borrow().pid {
                    kill_group(pid, signal);
                }
            }
            ExecInput::Resize(size) => {
                if let Some(master) = &self.terminal {
                    terminal::set_size(master, size)?;
                }
            }
        }
        Ok(())
    }

    async fn send_output(&self, sender: &Sender) -> io::Result<()> {
        let mut number = 0;
        loop {
            // Asked for before the look, so that no change in between is missed.
            let changed = self.changed.notified();
            let piece = self
                .backlog
                .borrow()
                .get(number)
                .map(|(next, stream, data)| (next, Reply::Output(stream, data.to_vec())));
            if let Some((next, output)) = piece {
                sender.send(&output, &[]).await?;
                number = next;
                continue;
            }
            let state = self.info.borrow().state.clone();
            if let (ExecState::Exited { status, .. }, 0) = (state, self.open.get()) {
                return sender.send(&Reply::Exited(status), &[]).await;
            }
            changed.await;
        }
    }
}
