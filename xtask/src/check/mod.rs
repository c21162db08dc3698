//! `cargo xtask check`: what is looked at without running the product.

mod clippy;
mod dependencies;
mod format;
mod generated;
mod graph;
mod size;
mod spelling;
mod tools;

use anyhow::Result;

use crate::console::{self, Step};
use crate::packages::{self, needs};
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(crate) use generated::write as generate;

/// Fetches the programs that the checks run.
pub(crate) fn fetch_tools() -> Result<()> {
    tools::typos()?;
    tools::cargo_deny()?;
    Ok(())
}

/// A check: its name, and what fails when it does not hold.
type Check = (&'static str, fn(&Workspace) -> Result<()>);

/// In the order of how soon they answer.
const CHECKS: &[Check] = &[
    ("formatting", format::check),
    ("sizes of files", size::check),
    ("crate graph", graph::check),
    ("spelling", spelling::check),
    ("unused dependencies", dependencies::unused),
    ("licences, bans and sources", dependencies::allowed),
    ("advisories", dependencies::advisories),
    ("clippy", clippy::check),
    ("generated files", generated::check),
];

/// Runs all checks and answers how many held. What fails is said when it fails.
pub(crate) fn all() -> Result<Tally> {
    packages::ensure_needs(&[needs::BUILD, needs::CHECK].concat())?;
    let workspace = Workspace::read()?;
    let mut tally = Tally::default();
    for (name, check) in CHECKS {
        let step = Step::start(format!("Checking {name}"));
        match check(&workspace) {
            Ok(()) => {
                step.done();
                tally.pass();
            }
            Err(error) => {
                drop(step);
                console::error(&error);
                tally.fail(format!("check: {name}"));
            }
        }
    }
    Ok(tally)
}

/// `cargo xtask check`.
pub(crate) fn run() -> Result<()> {
    all()?.conclude("check")
}
