//! Bun, from its npm packages.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ctnr_model::Architecture;
use sha2::{Digest, Sha512};

use super::recipe::Layer;
use super::tree::Tree;
use crate::cache::{self, Key};
use crate::console::Step;
use crate::packages::{self, Package};
use crate::process::Run;

/// Bun's version in images.
pub(super) const VERSION: &str = "1.3.9";

const NPM: Package = Package {
    name: "npm",
    program: "npm",
};

/// A package of npm that holds a Bun.
struct Source {
    package: &'static str,
    /// The SHA-512 of its archive, in hexadecimal.
    sha512: &'static str,
}

const SOURCE: Source = match Architecture::HOST {
    Architecture::Amd64 => Source {
        package: "@oven/bun-linux-x64",
        sha512: "a10c805b7fae82e96f5d367e5d879432634f47de2c25e32891f1d0a0ac0fbd5c\
                 21564811b8c85c2c657665eb070800d5bb7d0ecf63055db81d0bcc78fe8f5d46",
    },
    Architecture::Arm64 => Source {
        package: "@oven/bun-linux-aarch64",
        sha512: "55a3504eed14a78827c192d0ebf1e6868ea30252f14d0d4fc3112d87c12c5c77\
                 fcd853975cf57938243a282f669a6a1c8ca96658568819e6d386b3b2f03528e2",
    },
};

/// What Bun is made from.
pub(super) fn key() -> Key {
    Key::new("bun", 1)
        .with("package", SOURCE.package)
        .with("sha512", SOURCE.sha512)
}

/// A layer with Bun on `PATH`.
pub(super) fn layer() -> Layer {
    Layer::new("Bun", key(), |file, _| {
        let mut tree = Tree::create(file)?;
        for folder in ["usr", "usr/local", "usr/local/bin"] {
            tree.folder(folder, 0o755)?;
        }
        tree.copy("usr/local/bin/bun", 0o755, &program()?)?;
        tree.symlink("usr/local/bin/bunx", "bun".as_ref())?;
        tree.finish()
    })
}

/// A Bun that runs on this host.
pub(super) fn program() -> Result<PathBuf> {
    let folder = cache::entry("bun", &key(), |folder| {
        packages::ensure(&[NPM], "fetches Bun, which Debian does not have")?;
        let step = Step::start(format!("Downloading Bun {VERSION}"));
        Run::new("npm")
            .args(["pack", "--silent", "--pack-destination", "."])
            .arg(format!("{}@{VERSION}", SOURCE.package))
            .dir(folder)
            .within(&step)?;
        let archive = cache::files_below(folder)?.into_iter().next();
        let archive = archive.context("npm pack left no file")?;
        let found = sha512(&archive).with_context(|| format!("cannot read {archive:?}"))?;
        if found != SOURCE.sha512 {
            bail!(
                "{} has the SHA-512 {found}, not {}",
                SOURCE.package,
                SOURCE.sha512
            );
        }
        Run::new("tar")
            .args([
                "--extract",
                "--gzip",
                "--strip-components=2",
                "package/bin/bun",
                "--file",
            ])
            .arg(&archive)
            .dir(folder)
            .within(&step)?;
        fs::remove_file(&archive).with_context(|| format!("cannot remove {archive:?}"))?;
        step.done();
        Ok(())
    })?;
    Ok(folder.join("bun"))
}

/// A file's SHA-512, in hexadecimal.
pub(super) fn sha512(path: &Path) -> std::io::Result<String> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut hash = Sha512::new();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(hash
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect());
        }
        hash.update(bytes);
        let count = bytes.len();
        reader.consume(count);
    }
}
