//! Programs and libraries that Python's package index carries ready made: nothing is compiled, and no
//! distribution has to have them in the right version. `pip3` has to be here.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cache::{self, Key};
use crate::console::Step;
use crate::process::Run;

/// The folder with the files of the wheel `name` in `version`, in the cache.
pub(crate) fn fetch(name: &str, version: &str) -> Result<PathBuf> {
    let key = Key::new("wheel", 1)
        .with("name", name)
        .with("version", version);
    cache::entry("tools", &key, |folder| {
        let step = Step::start(format!("Fetching {name} {version}"));
        install(folder)
            .arg("--no-deps")
            .arg(format!("{name}=={version}"))
            .within(&step)?;
        step.done();
        Ok(())
    })
}

/// The folder with all that the file `requirements` names, for `PYTHONPATH`, in the cache. `name`
/// says what it is for.
///
/// # Errors
/// Where the file can't be read, or pip can't fetch.
pub(crate) fn fetch_all(name: &str, requirements: &Path) -> Result<PathBuf> {
    let wanted =
        std::fs::read(requirements).with_context(|| format!("cannot read {requirements:?}"))?;
    // Some packages are made for one version of Python.
    let python = Run::new("python3").arg("--version").capture()?;
    let key = Key::new(name, 1)
        .with("requirements", wanted)
        .with("python", python);
    cache::entry("tools", &key, |folder| {
        let step = Step::start(format!("Fetching {name}"));
        install(folder)
            .arg("--requirement")
            .arg(requirements)
            .within(&step)?;
        step.done();
        Ok(())
    })
}

fn install(folder: &Path) -> Run {
    Run::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-input"])
        .args([
            "--disable-pip-version-check",
            "--root-user-action",
            "ignore",
        ])
        .arg("--target")
        .arg(folder)
}
