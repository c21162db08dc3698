//! What a task says while it runs: steps with their times, progress, notes and errors.
//!
//! Steps and notes go to stderr, results to stdout, so that a result can be piped. On a terminal a
//! running step is one line that changes; elsewhere (CI, a log file) it is a line at its start, at
//! most one every few seconds while it works, and one at its end.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this module is the only place in xtask that prints"
)]

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a step says something where there is no terminal.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// A result of the task, to stdout.
pub(crate) fn result(text: impl AsRef<str>) {
    println!("{}", text.as_ref());
}

/// Something the reader should know, between two steps.
pub(crate) fn note(text: impl AsRef<str>) {
    eprintln!("  {}", text.as_ref());
}

/// A question, with the cursor left behind it.
pub(crate) fn prompt(text: impl AsRef<str>) {
    eprint!("  {}", text.as_ref());
}

/// The error that ends the task, with its causes.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// A piece of work that is shown with the time it takes.
///
/// Call [`Step::done`] at its end. A step that is dropped before is shown as failed.
pub(crate) struct Step {
    title: String,
    started: Instant,
    bar: Option<ProgressBar>,
    last_plain: Mutex<Instant>,
    finished: AtomicBool,
}

impl Step {
    /// Starts a step: `title` is a short phrase such as "Building the backend".
    pub(crate) fn start(title: impl Into<String>) -> Self {
        let title = title.into();
        let started = Instant::now();
        let bar = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(title.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            Some(bar)
        } else {
            eprintln!("… {title}");
            None
        };
        Self {
            title,
            started,
            bar,
            last_plain: Mutex::new(started),
            finished: AtomicBool::new(false),
        }
    }

    /// What the step is doing at this moment, such as the last line of a command's output.
    pub(crate) fn progress(&self, text: impl AsRef<str>) {
        let elapsed = seconds(self.started.elapsed());
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{elapsed}  {}", text.as_ref()));
            return;
        }
        let Ok(mut last) = self.last_plain.lock() else {
            return;
        };
        if last.elapsed() >= PLAIN_INTERVAL {
            *last = Instant::now();
            eprintln!("  {}: {elapsed}  {}", self.title, text.as_ref());
        }
    }

    /// Ends the step well.
    pub(crate) fn done(&self) {
        self.done_with("");
    }

    /// Ends the step well, with what came out of it.
    pub(crate) fn done_with(&self, outcome: impl AsRef<str>) {
        self.end('✓', outcome.as_ref());
    }

    fn end(&self, mark: char, outcome: &str) {
        if self.finished.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let elapsed = seconds(self.started.elapsed());
        let separator = if outcome.is_empty() { "" } else { ": " };
        eprintln!("{mark} {}{separator}{outcome}  ({elapsed})", self.title);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.end('✗', "");
    }
}

/// A duration as people read it: `0.04 s`, `12.3 s`, `2 min 5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let total = duration.as_secs_f64();
    if total < 1.0 {
        format!("{total:.2} s")
    } else if total < 60.0 {
        format!("{total:.1} s")
    } else {
        format!(
            "{} min {} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(42)), "0.04 s");
        assert_eq!(seconds(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 5 s");
    }
}
