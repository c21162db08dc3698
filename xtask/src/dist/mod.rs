//! `cargo xtask dist`: what users install.

mod deb;

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::console::{self, Step};
use crate::packages::{self, consent, needs};
use crate::panel;
use crate::workspace::{self, Workspace};

/// What to make.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that the packages are put into; `target/dist` by default.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Pack the release build that is there.
    #[arg(long)]
    no_build: bool,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
}

/// Builds the binaries and packs them as a `.deb`.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.yes {
        consent::give();
    }
    packages::ensure_needs(&[needs::BUILD, needs::DIST].concat())?;
    let target = Workspace::read()?.target_directory;
    let out = args.out.clone().unwrap_or_else(|| target.join("dist"));
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {out:?}"))?;
    if !args.no_build {
        panel::make()?;
        let step = Step::start("Building the binaries with optimisations");
        workspace::cargo()
            .args([
                "build",
                "--release",
                "--locked",
                "-p",
                "backend",
                "-p",
                "ctnr-cli",
            ])
            .within(&step)?;
        step.done();
    }
    let step = Step::start("Packing the .deb");
    let package = deb::pack(&target.join("release"), &out)?;
    step.done();
    console::result(package.display().to_string());
    Ok(())
}
