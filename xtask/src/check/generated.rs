//! Files that a command writes and that are checked in: none may be stale.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::console;
use crate::workspace::{self, Workspace};

/// A generated file, and the program of this workspace that prints it.
struct Generated {
    /// Its place in the checkout.
    path: &'static str,
    /// The package whose default binary prints it.
    package: &'static str,
    arguments: &'static [&'static str],
}

const FILES: &[Generated] = &[Generated {
    path: "docs/openapi.json",
    package: "backend",
    arguments: &["openapi"],
}];

impl Generated {
    fn content(&self) -> Result<String> {
        workspace::cargo()
            .args(["run", "--quiet", "--locked", "--package", self.package])
            .arg("--")
            .args(self.arguments)
            .capture()
            .with_context(|| format!("cannot generate {}", self.path))
    }
}

pub(super) fn check(_: &Workspace) -> Result<()> {
    let mut stale = Vec::new();
    for file in FILES {
        let there = fs::read_to_string(workspace::root().join(file.path)).unwrap_or_default();
        if there != file.content()? {
            stale.push(file.path);
        }
    }
    if !stale.is_empty() {
        bail!(
            "stale: {}; run `cargo xtask generate` and commit what it writes",
            stale.join(", ")
        );
    }
    Ok(())
}

/// Writes all generated files anew.
pub(crate) fn write() -> Result<()> {
    for file in FILES {
        let path = workspace::root().join(file.path);
        fs::write(&path, file.content()?).with_context(|| format!("cannot write {path:?}"))?;
        console::note(format!("wrote {}", file.path));
    }
    Ok(())
}
