//! The compiler's and clippy's warnings, over every target with every system test.

use anyhow::Result;

use crate::console::Step;
use crate::workspace::{self, Workspace};

pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let step = Step::start("Running clippy");
    let features = workspace.system_tests().join(",");
    workspace::cargo()
        .args(["clippy", "--workspace", "--all-targets", "--locked"])
        .args(["--features", &features, "--", "--deny", "warnings"])
        .within(&step)?;
    step.done();
    Ok(())
}
