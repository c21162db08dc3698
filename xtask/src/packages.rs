//! System packages that tasks need, installed by the distribution's own manager.

use anyhow::{Result, bail};

use crate::console::{self, Step};
use crate::process::{self, Run};

/// A package of the distribution, and how to tell that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name for apt.
    pub(crate) name: &'static str,
    /// A program on `PATH` that shows it is there.
    pub(crate) program: &'static str,
}

/// Installs those of `packages` that are missing; `reason` says what for ("to make busybox:latest").
///
/// # Errors
/// Where installing is not possible, the error has the line to run.
pub(crate) fn ensure(packages: &[Package], reason: &str) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .filter(|package| !process::exists(package.program))
        .map(|package| package.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let is_root = Run::new("id").arg("-u").capture()?.trim() == "0";
    if !process::exists("apt-get") || !(is_root || process::exists("sudo")) {
        bail!("missing {reason}: install it as root with `apt-get install {names}`");
    }
    console::note(format!("{names}: needed {reason}"));
    let step = Step::start(format!("Installing {names}"));
    let apt = || {
        if is_root {
            Run::new("apt-get")
        } else {
            Run::new("sudo").arg("apt-get")
        }
    };
    let install = || {
        let options = ["install", "--yes", "--no-install-recommends"];
        apt()
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(options)
            .args(&missing)
            .within(&step)
    };
    if install().is_err() {
        apt().arg("update").within(&step)?;
        install()?;
    }
    step.done();
    Ok(())
}
