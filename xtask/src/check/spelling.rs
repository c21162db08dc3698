//! Spelling, by `typos` with the settings in `typos.toml`.

use anyhow::{Context, Result};

use super::tools;
use crate::process::Run;
use crate::workspace::{self, Workspace};

pub(super) fn check(_: &Workspace) -> Result<()> {
    Run::new(tools::typos()?)
        .args(["--format", "brief"])
        .dir(workspace::root())
        .capture_all()
        .context("spelling mistakes; correct them, or teach typos.toml a word that is right")
}
