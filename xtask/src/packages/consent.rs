//! Whether packages may be installed.
//!
//! Yes where the command line said `--yes`, in CI (`CI` is set), and for tasks whose purpose is to
//! install; else a person is asked. Where nobody can be asked, nothing is installed.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use crate::console;

static GIVEN: AtomicBool = AtomicBool::new(false);

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// No terminal to ask on.
    NobodyThere,
}

/// Records that the command line gave its consent for this run.
pub(crate) fn give() {
    GIVEN.store(true, Ordering::Relaxed);
}

/// Gives consent where there is nobody to ask: for tasks that are started by machines, and that
/// say in their help that they install.
pub(crate) fn give_unless_asked() {
    if !can_ask() {
        give();
    }
}

fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks whether the lines may be run.
pub(crate) fn ask(lines: &[String]) -> Result<Answer> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    if in_ci || GIVEN.load(Ordering::Relaxed) {
        return Ok(Answer::Yes);
    }
    if !can_ask() {
        return Ok(Answer::NobodyThere);
    }
    console::note("To install that, these lines are run:");
    for line in lines {
        console::note(line);
    }
    console::prompt("Install it? [Y/n] ");
    std::io::stderr()
        .flush()
        .context("cannot write to the terminal")?;
    let mut answer = String::new();
    let read = std::io::stdin()
        .read_line(&mut answer)
        .context("cannot read the answer")?;
    Ok(decide(read, &answer))
}

/// An empty line means yes, the end of the input means no.
fn decide(read: usize, answer: &str) -> Answer {
    match answer.trim().to_ascii_lowercase().as_str() {
        "" if read > 0 => Answer::Yes,
        "y" | "yes" => Answer::Yes,
        _ => Answer::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        assert_eq!(decide(1, "\n"), Answer::Yes);
        assert_eq!(decide(4, "YES\n"), Answer::Yes);
        assert_eq!(decide(2, "n\n"), Answer::No);
        assert_eq!(decide(0, ""), Answer::No);
        assert_eq!(decide(6, "maybe\n"), Answer::No);
    }
}
