//! The process that stands by a sandbox as long as its program runs.
//!
//! A supervisor is forked by the launcher, has one thread, and outlives launcher and engine. It is
//! the parent of the sandbox's first process and of every command run in it; it writes the log,
//! forwards the published ports, answers at `control.sock` in the sandbox's directory, and at the
//! end writes down how the program ended.
//!
//! ```text
//!  start ──▶ serving ──(program ends)──▶ draining the log ──▶ state file, Ended ──▶ exit
//!    └─(fails)──▶ Failed ──▶ exit
//! ```

mod control;
mod detached;
mod exec;
mod output;
mod serve;
mod sockets;
mod spawn;
mod start;
mod stopped;

pub(crate) use stopped::serve_stopped_files;

use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use crate::protocol::{Report, SandboxLaunch};
use crate::{cgroup, wire};
use serve::End;

/// The socket in a sandbox's directory that its supervisor answers at.
pub(crate) const CONTROL_SOCKET: &str = "control.sock";

/// Runs a sandbox from its start to its end, in a process forked for it.
pub(crate) fn run(launch: &SandboxLaunch, lifeline: UnixStream) -> ExitCode {
    match start::start(launch) {
        Ok(started) => match serve::serve(started, lifeline) {
            Ok(End::Known) => ExitCode::SUCCESS,
            Ok(End::Forgotten) => {
                abandon_group(launch);
                ExitCode::FAILURE
            }
            Err(error) => {
                tracing::error!(sandbox = launch.id.short(), %error, "the supervisor failed");
                ExitCode::FAILURE
            }
        },
        Err(failure) => {
            // The engine may be gone; then nobody waits for the answer.
            let _ = wire::send(&lifeline, &Report::Failed(failure), &[]);
            abandon_group(launch);
            ExitCode::FAILURE
        }
    }
}

/// Removes the sandbox's control group. An engine that died while the sandbox was starting can't, and
/// the next one may have looked for such groups before this one was made.
fn abandon_group(launch: &SandboxLaunch) {
    if let Some(name) = &launch.cgroup {
        cgroup::abandon(name);
    }
}
