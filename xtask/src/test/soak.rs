//! `cargo xtask test --soak`: the storm of the plain tier, ten times as long.

use anyhow::Result;

use super::{Folders, expect, suite};
use crate::console::Step;
use crate::leaks::{Mark, Snapshot};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// The test that kills.
const STORM: &str = "storm::killed_at_many_moments";

/// How often something is killed.
const KILLS: &str = "200";

/// Runs it between two looks at the host.
pub(super) fn run() -> Result<Tally> {
    let workspace = Workspace::read()?;
    workspace.build("--bins")?;
    let mark = Mark::new();
    let folders = Folders::make()?;
    let scratch = folders.scratch.path();
    let before = Snapshot::take(&mark, scratch)?;
    let environment = [
        (
            "CTNR_TEST_BIN_DIR",
            workspace.target_directory.join("debug"),
        ),
        ("CTNR_TEST_KILLS", KILLS.into()),
        ("TMPDIR", scratch.to_owned()),
        (Mark::NAME, mark.value().into()),
    ];
    let mut tally = suite::only(STORM, &workspace, &environment)?;
    let step = Step::start("Comparing the host with how it was before");
    let what = "the host after the storm";
    expect(&before, &mark, scratch, what, step, &mut tally);
    Ok(tally)
}
