//! Commands that tasks run, with errors that say which command failed and what it said last.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::console::Step;
use crate::signals;

/// How many of a failed command's last lines its error repeats.
const KEPT_LINES: usize = 30;

/// A command to run.
pub(crate) struct Run {
    command: Command,
}

impl Run {
    /// The program `program`, found on `PATH`.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            command: Command::new(program),
        }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it with this process' own stdin, stdout and stderr.
    pub(crate) fn inherit(mut self) -> Result<()> {
        let shown = self.shown();
        let status = self
            .command
            .status()
            .with_context(|| format!("cannot start `{shown}`"))?;
        if !status.success() {
            bail!("`{shown}` failed: {status}");
        }
        Ok(())
    }

    /// Runs it and answers its stdout; its stderr is repeated where it fails.
    pub(crate) fn capture(mut self) -> Result<String> {
        let shown = self.shown();
        self.command.stdin(Stdio::null());
        let output = self
            .command
            .output()
            .with_context(|| format!("cannot start `{shown}`"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{shown}` failed: {}\n{}", output.status, said.trim_end());
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed no text"))
    }

    /// Runs it silently; all that it printed is repeated where it fails.
    pub(crate) fn capture_all(mut self) -> Result<()> {
        let shown = self.shown();
        self.command.stdin(Stdio::null());
        let output = self
            .command
            .output()
            .with_context(|| format!("cannot start `{shown}`"))?;
        if output.status.success() {
            return Ok(());
        }
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        bail!(
            "`{shown}` failed: {}\n{}",
            output.status,
            printed.trim_end()
        );
    }

    /// Runs it with each line of its stdout and stderr given to `on_line`, and answers whether it
    /// ended well.
    pub(crate) fn lines(mut self, mut on_line: impl FnMut(&str)) -> Result<bool> {
        let shown = self.shown();
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        self.command
            .stdin(Stdio::null())
            .stdout(writer.try_clone().context("cannot copy a pipe's end")?)
            .stderr(writer)
            .process_group(0);
        let mut child = self
            .command
            .spawn()
            .with_context(|| format!("cannot start `{shown}`"))?;
        let _signals = signals::PassedOn::to(child.id());
        // As in `within`: the reader sees the end only when this end is closed too.
        drop(self.command);
        for line in BufReader::new(reader).split(b'\n') {
            let line = line.with_context(|| format!("cannot read what `{shown}` prints"))?;
            on_line(&String::from_utf8_lossy(&line));
        }
        let status = child
            .wait()
            .with_context(|| format!("cannot wait for `{shown}`"))?;
        Ok(status.success())
    }

    /// Runs it with its output shown as the progress of `step`; its last lines are repeated where
    /// it fails.
    pub(crate) fn within(mut self, step: &Step) -> Result<()> {
        let shown = self.shown();
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        self.command
            .stdin(Stdio::null())
            .stdout(writer.try_clone().context("cannot copy a pipe's end")?)
            .stderr(writer);
        let mut child = self
            .command
            .spawn()
            .with_context(|| format!("cannot start `{shown}`"))?;
        // The command holds this process' copies of the writing end, without which the reader
        // would never see the end of the output.
        drop(self.command);
        let mut last = VecDeque::with_capacity(KEPT_LINES);
        for line in BufReader::new(reader).split(b'\n') {
            let line = line.with_context(|| format!("cannot read what `{shown}` prints"))?;
            let line = String::from_utf8_lossy(&line);
            let line = line
                .rsplit('\r')
                .find(|part| !part.trim().is_empty())
                .unwrap_or_default();
            if line.trim().is_empty() {
                continue;
            }
            step.progress(line.trim());
            if last.len() == KEPT_LINES {
                last.pop_front();
            }
            last.push_back(line.trim_end().to_owned());
        }
        let status = child
            .wait()
            .with_context(|| format!("cannot wait for `{shown}`"))?;
        if !status.success() {
            let said: Vec<String> = last.into();
            bail!("`{shown}` failed: {status}\n{}", said.join("\n"));
        }
        Ok(())
    }

    fn shown(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Whether `program` is on `PATH`.
pub(crate) fn exists(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_failures_are_told() {
        assert_eq!(
            Run::new("echo").arg("hello").capture().expect("echo runs"),
            "hello\n"
        );
        let error = Run::new("sh")
            .args(["-c", "echo why >&2; exit 3"])
            .capture();
        let text = format!("{:#}", error.expect_err("it fails"));
        assert!(
            text.contains("exit status: 3") && text.contains("why"),
            "{text}"
        );
        let step = Step::start("failing");
        let error = Run::new("sh")
            .args(["-c", "echo one; echo two >&2; exit 4"])
            .within(&step);
        let text = format!("{:#}", error.expect_err("it fails"));
        assert!(
            text.contains("exit status: 4") && text.contains("one\ntwo"),
            "{text}"
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Run::new("no-such-program-of-ctnr")
            .inherit()
            .expect_err("it is missing");
        assert!(error.to_string().contains("no-such-program-of-ctnr"));
        assert!(!exists("no-such-program-of-ctnr"));
        assert!(exists("sh"));
    }
}
