//! The engine's side of the launcher.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use rustix::fs::{FlockOperation, flock};

use super::NAME;
use super::sealed::open_self;
use crate::process::original_descriptor_limit;
use crate::protocol::Launch;
use crate::wire;

/// A launcher that runs, and is started again where it was killed.
pub(crate) struct Launcher {
    /// What launcher and supervisors have to say where nobody else can: that they panicked.
    log: PathBuf,
    running: Mutex<Running>,
}

struct Running {
    process: Child,
    socket: UnixStream,
}

impl Launcher {
    /// Starts the launcher. Its standard error goes to the file `log`, and not to the engine's: a
    /// supervisor outlives the engine, and would keep a pipe open that somebody waits on.
    pub(crate) fn start(log: PathBuf) -> io::Result<Self> {
        let running = Mutex::new(Running::start(&log)?);
        Ok(Self { log, running })
    }

    /// Has the launcher fork a process, which the returned socket leads to.
    ///
    /// It blocks for as long as the launcher takes to read the request, which is microseconds.
    pub(crate) fn launch(&self, launch: &Launch) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut running = self
            .running
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if wire::send(&running.socket, launch, &[theirs.as_fd()]).is_err() {
            // It was killed; what it forked goes on without it.
            tracing::warn!("the launcher is gone, and is started again");
            running.end();
            *running = Running::start(&self.log)?;
            wire::send(&running.socket, launch, &[theirs.as_fd()])?;
        }
        Ok(ours)
    }
}

impl Running {
    fn start(log: &Path) -> io::Result<Self> {
        let log = File::options().append(true).create(true).open(log)?;
        // The launcher and all that it forks have the same open file, and so the lock.
        flock(&log, FlockOperation::LockShared)?;
        let (ours, theirs) = UnixStream::pair()?;
        let program = open_self()?;
        let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
        let process = command
            .arg0(NAME)
            // It sets the limit itself: what runs between fork and execution needs a real fork,
            // which copies the engine's page tables.
            .arg(original_descriptor_limit().to_string())
            .env_clear()
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .current_dir("/")
            // Out of reach of the signals that a terminal sends to the engine.
            .process_group(0)
            .spawn()?;
        Ok(Self {
            process,
            socket: ours,
        })
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An end of file has the launcher end by itself.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let _ = self.process.wait();
    }
}
