//! Processes of the run, and the namespaces that anything lives in.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Facts, Mark};

/// The kinds of namespaces that a sandbox has and that ordinary services seldom make.
const KINDS: &[&str] = &["net", "pid", "ipc", "user", "cgroup"];

/// The namespaces that some process is in, with one of the processes.
pub(super) fn namespaces() -> Facts {
    let mut facts = Facts::new();
    for folder in numbered() {
        for kind in KINDS {
            // A process of another user, or one that has just ended.
            let Ok(link) = fs::read_link(folder.join("ns").join(kind)) else {
                continue;
            };
            facts
                .entry(link.to_string_lossy().into_owned())
                .or_insert_with(|| command(&folder));
        }
    }
    facts
}

/// The processes with the run's mark in their environment, and what they run.
pub(super) fn marked(mark: &Mark) -> Facts {
    let mut facts = Facts::new();
    for folder in numbered() {
        let Ok(environment) = fs::read(folder.join("environ")) else {
            continue;
        };
        let has_mark = environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == mark.assignment.as_bytes());
        if has_mark {
            let number = folder.file_name().unwrap_or_default().to_string_lossy();
            facts.insert(number.into_owned(), command(&folder));
        }
    }
    facts
}

/// The command line of a process.
fn command(folder: &Path) -> String {
    let words = fs::read(folder.join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words)
        .replace('\0', " ")
        .trim()
        .to_owned()
}

fn numbered() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().as_bytes().iter().all(u8::is_ascii_digit))
        .map(|entry| entry.path())
        .collect()
}
