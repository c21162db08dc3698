//! Crates from outside: their licences and sources, what is known against them, and whether they
//! are used.

use anyhow::{Context, Result, bail};

use super::{NotChecked, tools};
use crate::process::Run;
use crate::workspace::{self, Workspace};

/// Licences, bans and sources, by `cargo deny` with the settings in `deny.toml`.
pub(super) fn allowed(_: &Workspace) -> Result<()> {
    deny(&["bans", "licenses", "sources"])
        .context("a crate that deny.toml does not allow; choose another, or say there why it may")
}

/// Security advisories, where the database of them can be reached.
pub(super) fn advisories(_: &Workspace) -> Result<()> {
    let Err(error) = deny(&["advisories"]) else {
        return Ok(());
    };
    if format!("{error:#}").contains("failed to fetch advisory database") {
        bail!(NotChecked(
            "the database of advisories can't be reached from here"
        ));
    }
    Err(error).context("a crate with a known defect; update it, or say in deny.toml why it stays")
}

fn deny(which: &[&str]) -> Result<()> {
    Run::new(tools::cargo_deny()?)
        .args(["--log-level", "error", "check", "--hide-inclusion-graph"])
        .args(which)
        .dir(workspace::root())
        .capture_all()
}

/// Dependencies that no source file names, by `cargo machete`.
pub(super) fn unused(_: &Workspace) -> Result<()> {
    Run::new(tools::cargo_machete()?)
        .args(["--skip-target-dir", "."])
        .dir(workspace::root())
        .capture_all()
        .context("dependencies that nothing uses; remove their lines")
}
