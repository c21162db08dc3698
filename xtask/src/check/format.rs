//! Formatting, by rustfmt.

use anyhow::{Context, Result};

use crate::workspace::{self, Workspace};

pub(super) fn check(_: &Workspace) -> Result<()> {
    workspace::cargo()
        .args(["fmt", "--all", "--check", "--", "--files-with-diff"])
        .capture_all()
        .context("files that rustfmt would change; run `cargo fmt --all`")
}
