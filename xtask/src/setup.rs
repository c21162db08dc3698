//! `cargo xtask setup`: all that development needs.

use anyhow::Result;

use crate::check;
use crate::console;
use crate::packages::{self, consent, needs};

/// How to set up.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
}

/// Installs the packages and the tools of all other tasks.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.yes {
        consent::give();
    }
    packages::ensure_needs(
        &[
            needs::BUILD,
            needs::CHECK,
            needs::NATIVE,
            needs::DOCKER,
            needs::TEST,
            needs::INSTALLERS,
        ]
        .concat(),
    )?;
    check::fetch_tools()?;
    console::note("Everything is here. Next: `cargo xtask up`, or `cargo xtask test`.");
    Ok(())
}
