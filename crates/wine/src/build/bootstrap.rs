//! Running mmdebstrap so that nothing of it outlives its caller.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::error::Doing;
use crate::{BuildError, recipe};

/// How many of its last lines a failure repeats.
const KEPT_LINES: usize = 30;

/// A mmdebstrap at work. Dropped, it is killed.
pub(super) struct Bootstrap {
    child: Child,
}

impl Bootstrap {
    /// Starts it with `scratch` as the place of the system that it makes. Answers what it writes,
    /// the system's tar, and what it says.
    ///
    /// Root's runs in namespaces of its own: when its first process is killed, by us or because
    /// this thread is gone, the kernel ends the others and takes the mounts away. An ordinary user's
    /// does the same by itself when it is told to end.
    pub(super) fn start(
        scratch: &Path,
        scripts: &Path,
    ) -> Result<(Self, ChildStdout, ChildStderr), BuildError> {
        let arguments = recipe::system(&scripts.to_string_lossy()).arguments("-")?;
        let mut command = Command::new("setpriv");
        if geteuid().is_root() {
            // An ordinary user's is made where other ids may enter too, which is /tmp.
            command.env("TMPDIR", scratch);
            command.args(["--pdeathsig", "KILL", "--", "unshare"]);
            command.args(["--pid", "--mount", "--uts", "--ipc", "--fork"]);
            command.args(["--kill-child=KILL", "--mount-proc", "--", "mmdebstrap"]);
        } else {
            command.args(["--pdeathsig", "TERM", "--", "mmdebstrap"]);
        }
        let mut child = command
            .args(arguments)
            .env("SOURCE_DATE_EPOCH", recipe::CREATED_SECONDS.to_string())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .doing("starting mmdebstrap")?;
        let missing = || std::io::Error::other("it has no output");
        let out = child.stdout.take().ok_or_else(missing);
        let said = child.stderr.take().ok_or_else(missing);
        let (out, said) = (
            out.doing("starting mmdebstrap")?,
            said.doing("starting mmdebstrap")?,
        );
        Ok((Self { child }, out, said))
    }

    /// Ends it.
    pub(super) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = if geteuid().is_root() {
            self.child.kill()
        } else {
            kill_process(Pid::from_child(&self.child), Signal::TERM).map_err(Into::into)
        };
    }

    /// Waits for its end. What it said last is the error's where it failed.
    pub(super) fn finish(
        mut self,
        doing: &'static str,
        said: &LastLines,
    ) -> Result<(), BuildError> {
        let status = self.child.wait().doing("waiting for mmdebstrap")?;
        if status.success() {
            return Ok(());
        }
        Err(BuildError::Program {
            doing,
            program: "mmdebstrap",
            status: status.to_string(),
            said: said.text(),
        })
    }
}

impl Drop for Bootstrap {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
            // The error was told where it happened.
            let _ = self.child.wait();
        }
    }
}

/// The last lines that a program said.
#[derive(Debug, Default)]
pub(super) struct LastLines(VecDeque<String>);

impl LastLines {
    pub(super) fn push(&mut self, line: &str) {
        if self.0.len() == KEPT_LINES {
            self.0.pop_front();
        }
        self.0.push_back(line.to_owned());
    }

    fn text(&self) -> String {
        Vec::from_iter(self.0.iter().map(String::as_str)).join("\n")
    }
}

/// Gives each line that a program says to `each`, until it says no more. Of a line that is
/// overwritten, as progress bars do, its last state counts.
pub(super) fn lines(said: ChildStderr, mut each: impl FnMut(&str)) {
    for line in BufReader::new(said).split(b'\n') {
        let Ok(line) = line else {
            return;
        };
        let line = String::from_utf8_lossy(&line);
        let last = line.rsplit('\r').find(|part| !part.trim().is_empty());
        if let Some(line) = last {
            each(line.trim());
        }
    }
}
