//! The Debian package: a tree of files and a control file, packed by `dpkg-deb`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cache;
use crate::process::Run;
use crate::workspace;

/// Files of the checkout, their place in the package, and their mode.
const FILES: &[(&str, &str, u32)] = &[
    (
        "packaging/systemd/ctnr.service",
        "usr/lib/systemd/system/ctnr.service",
        0o644,
    ),
    ("packaging/deb/default", "etc/default/ctnr", 0o644),
    ("packaging/deb/postinst", "DEBIAN/postinst", 0o755),
    ("packaging/deb/prerm", "DEBIAN/prerm", 0o755),
    ("packaging/deb/postrm", "DEBIAN/postrm", 0o755),
    ("LICENSE-MIT", "usr/share/doc/ctnr/LICENSE-MIT", 0o644),
    ("LICENSE-APACHE", "usr/share/doc/ctnr/LICENSE-APACHE", 0o644),
    ("README.md", "usr/share/doc/ctnr/README.md", 0o644),
];

/// Binaries and their place. The server's name says too little for a folder of `PATH`.
const BINARIES: &[(&str, &str)] = &[
    ("backend", "usr/lib/ctnr/backend"),
    ("ctnr", "usr/bin/ctnr"),
];

/// Shells, with the place where each looks for completions.
const SHELLS: &[(&str, &str)] = &[
    ("bash", "usr/share/bash-completion/completions/ctnr"),
    ("zsh", "usr/share/zsh/vendor-completions/_ctnr"),
    ("fish", "usr/share/fish/vendor_completions.d/ctnr.fish"),
];

/// Packs the binaries of the folder `built` and answers where the package is.
pub(super) fn pack(built: &Path, out: &Path) -> Result<PathBuf> {
    let tree = tempfile::tempdir().context("cannot make a temporary folder")?;
    let root = tree.path().join("ctnr");
    for (binary, place) in BINARIES {
        put(&root, place, 0o755, &read(&built.join(binary))?)?;
    }
    for (file, place, mode) in FILES {
        put(&root, place, *mode, &read(&workspace::root().join(file))?)?;
    }
    for (shell, place) in SHELLS {
        let script = Run::new(built.join("ctnr"))
            .args(["completion", shell])
            .capture()?;
        put(&root, place, 0o644, script.as_bytes())?;
    }
    put(&root, "DEBIAN/conffiles", 0o644, b"/etc/default/ctnr\n")?;
    let architecture = Run::new("dpkg").arg("--print-architecture").capture()?;
    let size = cache::files_below(&root)?
        .iter()
        .map(|file| fs::metadata(file).map_or(0, |metadata| metadata.len()))
        .sum::<u64>()
        .div_ceil(1024);
    let control = String::from_utf8(read(&workspace::root().join("packaging/deb/control"))?)
        .context("packaging/deb/control is no text")?
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@ARCHITECTURE@", architecture.trim())
        .replace("@INSTALLED_SIZE@", &size.to_string())
        .replace("@DEPENDS@", &depends(&root, tree.path())?);
    put(&root, "DEBIAN/control", 0o644, control.as_bytes())?;
    let package = out.join(format!(
        "ctnr_{}_{}.deb",
        env!("CARGO_PKG_VERSION"),
        architecture.trim()
    ));
    Run::new("dpkg-deb")
        .args(["--root-owner-group", "--build"])
        .args([&root, &package])
        .capture()?;
    Ok(package)
}

/// The libraries that the binaries want, as Debian names them with their least versions.
fn depends(root: &Path, scratch: &Path) -> Result<String> {
    // dpkg-shlibdeps looks at the control file of a source package, and at nothing in it.
    put(
        scratch,
        "debian/control",
        0o644,
        b"Source: ctnr\n\nPackage: ctnr\nArchitecture: any\n",
    )?;
    let mut run = Run::new("dpkg-shlibdeps").dir(scratch).arg("-O");
    for (_, place) in BINARIES {
        run = run.arg("-e").arg(root.join(place));
    }
    let said = run.capture()?;
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("shlibs:Depends="))
        .context("dpkg-shlibdeps names no libraries")?;
    // The native engine runs `nft`.
    Ok(format!("{line}, nftables"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {path:?}"))
}

fn put(root: &Path, place: &str, mode: u32, content: &[u8]) -> Result<()> {
    let path = root.join(place);
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {folder:?}"))?;
    for above in folder
        .ancestors()
        .take_while(|above| above.starts_with(root))
    {
        // The package's folders are readable whatever this user's umask is.
        fs::set_permissions(above, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot set the mode of {above:?}"))?;
    }
    fs::write(&path, content).with_context(|| format!("cannot write {path:?}"))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the mode of {path:?}"))
}
