//! Everything that is printed: answers on standard output, words for people on standard error.
#![expect(
    clippy::print_stderr,
    reason = "this is the one place that prints for people"
)]

mod age;
mod clean;
mod fields;
mod progress;
mod style;
mod table;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::error::{CliError, OWN_FAILURE, Result};

pub(crate) use age::ago;
pub(crate) use clean::clean;
pub(crate) use fields::Fields;
pub(crate) use progress::ProgressBars;
pub(crate) use style::Tone;
pub(crate) use table::Table;

/// Where answers go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// Whether the user wants what the API answers.
    pub(crate) json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// A line of an answer.
    pub(crate) fn line(self, line: &str) -> Result<()> {
        self.bytes(format!("{line}\n").as_bytes())
    }

    /// Text that has its line ends already.
    pub(crate) fn text(self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Bytes as they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(CliError::printing)
    }

    /// Bytes for standard error, as a program in a sandbox wrote them there.
    pub(crate) fn error_bytes(self, bytes: &[u8]) -> Result<()> {
        io::stderr()
            .lock()
            .write_all(bytes)
            .map_err(CliError::printing)
    }

    /// One answer: as JSON over several lines.
    pub(crate) fn document(self, value: &impl Serialize) -> Result<()> {
        self.json_text(serde_json::to_string_pretty(value))
    }

    /// One of several answers: a line of JSON.
    pub(crate) fn record(self, value: &impl Serialize) -> Result<()> {
        self.json_text(serde_json::to_string(value))
    }

    fn json_text(self, text: serde_json::Result<String>) -> Result<()> {
        self.line(&text.map_err(|error| CliError::printing(error.into()))?)
    }
}

/// A word to the user that is no part of the answer.
pub(crate) fn note(text: &str) {
    eprintln!("{}", clean(text));
}

/// Something that went wrong, where others of its kind go on.
pub(crate) fn problem(error: &CliError) {
    eprintln!("ctnr: {}", clean(&error.to_string()));
}

/// Tells how it ended, and gives the exit code.
pub(crate) fn failure(error: &CliError) -> ExitCode {
    if !error.is_silent() {
        problem(error);
    }
    ExitCode::from(error.code())
}

/// Help, the version, or what is wrong with the arguments.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A reader of the help who has gone away is no failure.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(OWN_FAILURE)
    } else {
        ExitCode::SUCCESS
    }
}

/// Whether a person reads standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person is there to be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a yes; anything else is a no.
pub(crate) fn confirm(question: &str) -> Result<()> {
    eprint!("{} [y/N] ", clean(question));
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|error| CliError::local("reading", "the answer", error))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(CliError::Declined),
    }
}
