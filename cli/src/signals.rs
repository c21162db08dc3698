//! Ctrl-C and its like, for verbs that do not hand signals on.

use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Cli;
use crate::commands;
use crate::error::{CliError, Result};

/// Runs the command line, and stops in order where a signal asks for it: what is half done is
/// dropped, so that temporary files and progress bars go away.
pub(crate) async fn until_asked_to_end(cli: Cli) -> Result<u8> {
    if cli.command.takes_signals() {
        return commands::run(cli).await;
    }
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    tokio::select! {
        end = commands::run(cli) => end,
        _ = interrupt.recv() => Err(interrupted(SignalKind::interrupt())),
        _ = terminate.recv() => Err(interrupted(SignalKind::terminate())),
        _ = hangup.recv() => Err(interrupted(SignalKind::hangup())),
    }
}

/// Starts to listen for a signal.
pub(crate) fn listen(kind: SignalKind) -> Result<tokio::signal::unix::Signal> {
    signal(kind).map_err(|error| CliError::local("listening for", "signals", error))
}

fn interrupted(kind: SignalKind) -> CliError {
    CliError::Interrupted(kind.as_raw_value())
}
