//! A small Debian as an image's lowest layer.

use std::path::Path;

use anyhow::{Context, Result};
use ctnr_debian::{Suite, System};

use super::recipe::Layer;
use super::tree::Tree;
use crate::cache::Key;
use crate::console::Step;
use crate::packages::{self, Package};
use crate::process::Run;

/// Layers with Debian's minimal system and `include`.
pub(super) fn layers(include: &'static [&'static str]) -> [Layer; 2] {
    let system = System {
        suite: Suite::Bookworm,
        architectures: &[],
        include,
        updates: true,
        exclude: &[],
        hooks: Vec::new(),
    };
    let key = Key::new("debian", 2)
        .with("suite", system.suite.as_str())
        .with("include", include.join(","));
    let system = Layer::new("Debian", key, move |file, step| make(&system, file, step));
    // mmdebstrap leaves out the folder with the devices.
    let mount_point = Layer::new("Mount point", Key::new("mount point", 1), |file, _| {
        let mut tree = Tree::create(file)?;
        tree.folder("dev", 0o755)?;
        tree.finish()
    });
    [system, mount_point]
}

/// Installs what making a Debian needs.
pub(super) fn ensure_packages() -> Result<()> {
    let missing: Vec<Package> = ctnr_debian::missing()
        .into_iter()
        .map(|need| Package {
            name: need.package,
            program: need.program,
        })
        .collect();
    packages::ensure(&missing, "makes a small Debian for images")
}

fn make(system: &System, file: &Path, step: &Step) -> Result<()> {
    ensure_packages()?;
    let target = file.to_str().context("the cache's path is no text")?;
    Run::new("mmdebstrap")
        .env("SOURCE_DATE_EPOCH", super::CREATED_SECONDS.to_string())
        .args(system.arguments(target)?)
        .within(step)
}
