//! The program under test.

use std::path::Path;
use std::process::{Command, Output};

/// The program on a data directory, without this machine's settings.
pub(crate) fn agent(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CONTAINERS_") {
            command.env_remove(name);
        }
    }
    command.args(args).env("CONTAINERS_DATA_DIR", data);
    // Nobody answers there.
    command.env("CONTAINERS_URL", "http://127.0.0.1:9");
    command
}

/// What it printed, where it ended well.
pub(crate) fn good(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it said where it failed.
pub(crate) fn bad(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}
