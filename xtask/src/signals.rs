//! Ctrl-C and the end of a task.
//!
//! A long command runs in a process group of its own, so that the terminal's Ctrl-C reaches this
//! process alone. It passes the signal on and carries on to its own clean end: servers that it
//! started are stopped, and what they left is put back. A second signal kills the command.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static GROUP: AtomicI32 = AtomicI32::new(0);
static RECEIVED: AtomicU32 = AtomicU32::new(0);

/// Starts to take signals.
pub(crate) fn watch() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .context("cannot take over the handling of Ctrl-C")?;
    thread::spawn(move || {
        for number in signals.forever() {
            let earlier = RECEIVED.fetch_add(1, Ordering::SeqCst);
            let signal = match (earlier, number) {
                (0, SIGINT) => Signal::INT,
                (0, _) => Signal::TERM,
                _ => Signal::KILL,
            };
            match Pid::from_raw(GROUP.load(Ordering::SeqCst)) {
                // A group that has just ended can't be signalled, and need not be.
                Some(group) => {
                    let _ = rustix::process::kill_process_group(group, signal);
                }
                // Nothing is running that could end the task in an orderly way.
                None if earlier > 0 => std::process::exit(130),
                None => {}
            }
        }
    });
    Ok(())
}

/// Whether the task was asked to end.
pub(crate) fn received() -> bool {
    RECEIVED.load(Ordering::SeqCst) > 0
}

/// Ends a task between two of its steps, where it was asked to.
///
/// # Errors
/// When it was.
pub(crate) fn check() -> Result<()> {
    if received() {
        bail!("interrupted");
    }
    Ok(())
}

/// Marks the process group that signals are passed on to, while it lives.
pub(crate) struct PassedOn(());

impl PassedOn {
    /// Signals go to the group that the process `leader` leads.
    pub(crate) fn to(leader: u32) -> Self {
        GROUP.store(i32::try_from(leader).unwrap_or(0), Ordering::SeqCst);
        Self(())
    }
}

impl Drop for PassedOn {
    fn drop(&mut self) {
        GROUP.store(0, Ordering::SeqCst);
    }
}
