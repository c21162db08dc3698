//! The sizes of source files: one of 800 lines is a defect.

use std::fs;

use anyhow::{Result, bail};

use crate::process::Run;
use crate::workspace::{self, Workspace};

/// No source file has more lines.
const MOST_LINES: usize = 800;

/// Nobody reads or writes them.
const GENERATED: &[&str] = &[
    "crates/protocol/src/generated/containers.v1.rs",
    "frontend/src/api/schema.d.ts",
];

const SOURCES: &[&str] = &[
    "rs", "ts", "tsx", "js", "mjs", "css", "sh", "ps1", "py", "sql", "proto",
];

pub(super) fn check(_: &Workspace) -> Result<()> {
    let files = Run::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .dir(workspace::root())
        .capture()?;
    let mut long = Vec::new();
    for name in files
        .split('\0')
        .filter(|name| is_source(name) && !GENERATED.contains(name))
    {
        // A file that git lists and that is gone is about to be removed from the index.
        let Ok(text) = fs::read_to_string(workspace::root().join(name)) else {
            continue;
        };
        let lines = text.lines().count();
        if lines > MOST_LINES {
            long.push(format!("{name}: {lines} lines"));
        }
    }
    if !long.is_empty() {
        bail!(
            "longer than {MOST_LINES} lines; split by what the parts are about:\n{}",
            long.join("\n")
        );
    }
    Ok(())
}

fn is_source(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| SOURCES.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_by_extension() {
        assert!(is_source("xtask/src/main.rs"));
        assert!(!is_source("Cargo.lock"));
        assert!(!is_source("LICENSE"));
    }
}
