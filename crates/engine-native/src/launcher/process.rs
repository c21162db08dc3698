//! The launcher's own main function.
#![expect(unsafe_code, reason = "forks, and takes over a descriptor by number")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::process::{DumpableBehavior, set_dumpable_behavior, setsid};
use rustix::thread::UnshareFlags;

use super::NAME;
use crate::process::{Forked, fork, raise_descriptor_limit, set_original_descriptor_limit};
use crate::protocol::Launch;
use crate::{seccomp, supervisor, wire};

/// Runs the launcher where this program was started as one, and does not return then.
///
/// It has to be the first thing in `main`, before any thread is started.
pub fn launcher_main_if_asked() {
    if std::env::args_os().next().is_some_and(|name| name == NAME) {
        // SAFETY: the engine starts the launcher with its socket as standard input, and nothing
        // else uses that descriptor.
        let socket = UnixStream::from(unsafe { OwnedFd::from_raw_fd(0) });
        let code = match serve(&socket) {
            Ok(code) => code,
            Err(error) => {
                tracing::error!(%error, "the launcher failed");
                ExitCode::FAILURE
            }
        };
        drop(socket);
        std::process::exit(if code == ExitCode::SUCCESS { 0 } else { 1 });
    }
}

/// Forks a supervisor a request. In a forked child it returns what the child ends with.
fn serve(socket: &UnixStream) -> io::Result<ExitCode> {
    // What is compiled here once is shared by all supervisors.
    seccomp::prepare();
    if let Some(limit) = std::env::args().nth(1).and_then(|limit| limit.parse().ok()) {
        set_original_descriptor_limit(limit);
    }
    raise_descriptor_limit();
    // Ended supervisors are nobody's to wait for.
    // SAFETY: ignoring a signal runs no code.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    while let Some((launch, fds)) = wire::recv::<Launch>(socket)? {
        let Some(lifeline) = fds.into_iter().next() else {
            continue;
        };
        // SAFETY: the launcher has one thread.
        match unsafe { fork(UnshareFlags::empty(), None) } {
            Ok(Forked::Parent(_)) => {}
            Ok(Forked::Child) => return Ok(supervise(&launch, lifeline.into(), socket)),
            // The closed lifeline tells the engine.
            Err(error) => tracing::error!(%error, "a supervisor could not be forked"),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A forked child's whole life.
fn supervise(launch: &Launch, lifeline: UnixStream, launcher: &UnixStream) -> ExitCode {
    // SAFETY: the default is what waiting for children needs.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    // The launcher's socket must not be held open by those who outlive it: an end of file tells
    // the engine that it is gone.
    if let Ok(null) = std::fs::File::open("/dev/null") {
        // SAFETY: descriptor 0 is the launcher's socket, which this process gives up for good.
        unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&null), 0) };
    }
    let _ = launcher;
    // A session of its own, out of reach of the terminal's signals.
    let _ = setsid();
    match launch {
        Launch::Sandbox(launch) => {
            if matches!(launch.root.ids, crate::protocol::IdMap::Range { .. }) {
                // Without privilege the id maps of its child could not be written then.
                let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
            }
            supervisor::run(launch, lifeline)
        }
        Launch::Files(root) => supervisor::serve_stopped_files(root, lifeline),
    }
}
