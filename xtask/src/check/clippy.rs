//! The compiler's and clippy's warnings, over every target with every system test.

use anyhow::Result;

use crate::console::Step;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let step = Step::start("Running clippy");
    workspace
        .cargo(&["clippy", "--all-targets"])
        .args(["--", "--deny", "warnings"])
        .within(&step)?;
    step.done();
    Ok(())
}
