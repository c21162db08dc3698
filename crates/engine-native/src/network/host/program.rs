//! Running the programs that hold the host's packet filter.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::fs::{Access, access};

use crate::network::NetworkError;

/// A program that ran.
pub(super) struct Ran {
    pub(super) succeeded: bool,
    pub(super) output: String,
    /// What it wrote to its standard error, without the ends of lines.
    pub(super) complaint: String,
}

/// Runs a program with this input; `None` when it is not installed.
pub(super) fn run(
    program: &'static str,
    arguments: &[&str],
    input: &str,
) -> Result<Option<Ran>, NetworkError> {
    let failed = |error: io::Error| NetworkError::Filter {
        program,
        message: error.to_string(),
    };
    let Some(path) = find(program) else {
        return Ok(None);
    };
    // By its whole path and with `PATH` as it is, it is started without a copy of this process's
    // page tables (`posix_spawn`), which takes milliseconds where they are large.
    let spawned = Command::new(path)
        .args(arguments)
        // Messages are looked into, so they have to be in one language.
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        spawned => spawned.map_err(failed)?,
    };
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading says why on its standard error.
        match stdin.write_all(input.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(failed(error)),
            _ => {}
        }
    }
    let output = child.wait_with_output().map_err(failed)?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if complaint.contains("Operation not permitted") || complaint.contains("Permission denied") {
        return Err(NetworkError::NotPermitted);
    }
    Ok(Some(Ran {
        succeeded: output.status.success(),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        complaint: complaint.split_whitespace().collect::<Vec<_>>().join(" "),
    }))
}

/// Where a program is. Administrators' directories are looked through as well, since an ordinary
/// user's `PATH` lacks them.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(program))
        .find(|file| access(file, Access::EXEC_OK).is_ok() && file.is_file())
}
