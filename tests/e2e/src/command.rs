//! Running programs of the host.

use std::io::Write;
use std::process::{Command, Stdio};

/// A program that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code; 128 and the signal's number where a signal ended it.
    pub code: i32,
    /// Its output, as text.
    pub stdout: String,
    /// Its errors, as text.
    pub stderr: String,
}

impl Ran {
    /// The output of a program that must have ended well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    run_with(command, b"")
}

/// Runs a command to its end, with `stdin` as its input.
pub fn run_with(command: &mut Command, stdin: &[u8]) -> Ran {
    use std::os::unix::process::ExitStatusExt;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} can't be run: {error}"));
    let mut input = child.stdin.take().expect("it was asked for");
    let input_bytes = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        // A program that does not read its input closes it.
        let _ = input.write_all(&input_bytes);
    });
    let output = child.wait_with_output().expect("it can be waited for");
    writer.join().expect("the writer does not panic");
    Ran {
        code: output
            .status
            .code()
            .unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a line of shell.
pub fn sh(line: &str) -> Ran {
    run(Command::new("sh").args(["-c", line]))
}
