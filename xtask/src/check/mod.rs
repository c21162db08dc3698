//! `cargo xtask check`: what is looked at without running the product.

mod clippy;
mod dependencies;
mod format;
mod generated;
mod graph;
mod size;
mod spelling;
mod tools;
mod translation;

use anyhow::Result;

use crate::console::{self, Step};
use crate::packages::{self, needs};
use crate::signals;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(crate) use generated::write as generate;

/// Which checks to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these, by their names.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(NAMES))]
    only: Vec<String>,
}

/// A check that can't be made here, and why. It counts neither as passed nor as failed.
#[derive(Debug, thiserror::Error)]
#[error("not checked: {0}")]
struct NotChecked(&'static str);

/// A check fails with what does not hold.
type Check = fn(&Workspace) -> Result<()>;

/// In the order of how soon they answer.
const CHECKS: [(&str, Check); 10] = [
    ("formatting", format::check),
    ("size", size::check),
    ("graph", graph::check),
    ("spelling", spelling::check),
    ("translation", translation::check),
    ("unused", dependencies::unused),
    ("licences", dependencies::allowed),
    ("advisories", dependencies::advisories),
    ("clippy", clippy::check),
    ("generated", generated::check),
];

const NAMES: [&str; CHECKS.len()] = {
    let mut names = [""; CHECKS.len()];
    let mut index = 0;
    while index < CHECKS.len() {
        names[index] = CHECKS[index].0;
        index += 1;
    }
    names
};

/// Fetches the programs that the checks run.
pub(crate) fn fetch_tools() -> Result<()> {
    tools::typos()?;
    tools::cargo_deny()?;
    Ok(())
}

/// Runs all checks and answers how many held. What fails is said when it fails.
pub(crate) fn all() -> Result<Tally> {
    those(|_| true)
}

fn those(wanted: impl Fn(&str) -> bool) -> Result<Tally> {
    packages::ensure_needs(&[needs::BUILD, needs::CHECK].concat())?;
    let workspace = Workspace::read()?;
    let mut tally = Tally::default();
    for (name, check) in CHECKS.iter().filter(|(name, _)| wanted(name)) {
        signals::check()?;
        let step = Step::start(format!("Checking: {name}"));
        match check(&workspace) {
            Ok(()) => {
                step.done();
                tally.pass();
            }
            Err(error) if error.is::<NotChecked>() => step.done_with(error.to_string()),
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
pub(crate) fn run(args: &Args) -> Result<()> {
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    those(wanted)?.conclude("check")
}
