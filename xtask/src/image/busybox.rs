//! `busybox:latest`: Debian's busybox-static and the few files that programs expect.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ctnr_model::{Architecture, ImageConfig};

use super::elf;
use super::recipe::{Layer, Recipe};
use super::tree::Tree;
use crate::cache::{self, Key};
use crate::console::Step;
use crate::packages::{self, Package};
use crate::process::Run;

/// Debian's package of a busybox that needs no library.
const PACKAGE: Package = Package {
    name: "busybox-static",
    program: "busybox",
};

/// Folders besides those that hold applets, with their modes.
const FOLDERS: [(&str, u32); 10] = [
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("proc", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("sys", 0o755),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/tmp", 0o1777),
];

const FILES: [(&str, &str); 2] = [
    (
        "etc/passwd",
        include_str!("../../../images/busybox/etc/passwd"),
    ),
    (
        "etc/group",
        include_str!("../../../images/busybox/etc/group"),
    ),
];

/// The recipe of `busybox:latest`.
pub(super) fn recipe() -> Result<Recipe> {
    let program = program()?;
    let content = fs::read(&program).with_context(|| format!("cannot read {program:?}"))?;
    let mut key = Key::new("busybox", 1).with("program", content);
    for (path, text) in FILES {
        key = key.with(path, text);
    }
    let layer = Layer::new("BusyBox", key, move |file, _| write(&program, file));
    let config = ImageConfig {
        cmd: vec!["sh".into()],
        env: vec![super::recipe::PATH.into()],
        ..ImageConfig::default()
    };
    Ok(Recipe {
        reference: "busybox:latest",
        config,
        further: None,
        identity: None,
        layers: vec![layer],
    })
}

fn write(program: &Path, file: &Path) -> Result<()> {
    let list = Run::new(program).arg("--list-full").capture()?;
    let applets: Vec<&str> = list
        .lines()
        .filter(|path| path.contains('/') && *path != "bin/busybox")
        .collect();
    if !applets.contains(&"bin/sh") {
        bail!("{program:?} has no shell: is it Debian's busybox-static?");
    }
    let mut tree = Tree::create(file)?;
    for (path, mode) in FOLDERS {
        tree.folder(path, mode)?;
    }
    let mut folders: Vec<&str> = applets.iter().copied().flat_map(ancestors).collect();
    folders.extend(["bin", "usr"]);
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        tree.folder(folder, 0o755)?;
    }
    for (path, text) in FILES {
        tree.file(path, 0o644, text.as_bytes())?;
    }
    tree.copy("bin/busybox", 0o755, program)?;
    for applet in applets {
        tree.hard_link(applet, "bin/busybox")?;
    }
    tree.finish()
}

/// The folders above `usr/bin/awk`: `usr/bin` and `usr`.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.char_indices()
        .filter(|(_, letter)| *letter == '/')
        .map(|(at, _)| &path[..at])
}

/// A busybox without libraries: the host's own, else one from the package, which is unpacked in
/// the cache and not installed where that can be helped, since it displaces Debian's other busybox.
fn program() -> Result<PathBuf> {
    if let Some(own) = own() {
        return Ok(own);
    }
    let key = Key::new("busybox-static", 1).with("arch", Architecture::HOST.as_str());
    let unpacked = cache::entry("packages", &key, |folder| {
        let step = Step::start("Downloading busybox-static");
        let Err(error) = download(folder, &step) else {
            step.done();
            return Ok(());
        };
        drop(step);
        packages::ensure(&[PACKAGE], "is the one program of busybox:latest")
            .with_context(|| format!("cannot download {}: {error:#}", PACKAGE.name))?;
        let place = own().context("the busybox on PATH is linked with libraries")?;
        fs::create_dir(folder.join("bin")).context("cannot make a folder")?;
        fs::copy(place, folder.join("bin/busybox")).context("cannot copy busybox")?;
        Ok(())
    })?;
    // Releases of Debian differ in where the package has it.
    ["bin/busybox", "usr/bin/busybox"]
        .iter()
        .map(|place| unpacked.join(place))
        .find(|path| path.is_file())
        .with_context(|| format!("there is no busybox below {unpacked:?}"))
}

/// Fetches the package with apt, which any user may, and unpacks it.
fn download(folder: &Path, step: &Step) -> Result<()> {
    Run::new("apt-get")
        .args(["download", PACKAGE.name])
        .dir(folder)
        .within(step)?;
    let deb = cache::files_below(folder)?
        .into_iter()
        .next()
        .context("apt left no file")?;
    Run::new("dpkg-deb")
        .arg("--extract")
        .arg(&deb)
        .arg(folder)
        .within(step)?;
    fs::remove_file(&deb).with_context(|| format!("cannot remove {deb:?}"))
}

/// The busybox on `PATH`, where it runs without libraries.
fn own() -> Option<PathBuf> {
    let path = packages::locate("busybox")?;
    let mut start = Vec::new();
    File::open(&path)
        .ok()?
        .take(64 * 1024)
        .read_to_end(&mut start)
        .ok()?;
    elf::is_static(&start).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_above_an_applet() {
        assert_eq!(
            ancestors("usr/bin/awk").collect::<Vec<_>>(),
            ["usr", "usr/bin"]
        );
        assert_eq!(ancestors("linuxrc").count(), 0);
    }
}
