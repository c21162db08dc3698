//! `nextjs-docker:latest`: a Next.js dev server on Bun, on a small Debian.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ctnr_model::{ContainerPort, ImageConfig};

use super::recipe::{Layer, PATH, Recipe};
use super::tree::Tree;
use super::{bun, debian};
use crate::cache::Key;
use crate::console::Step;
use crate::process::{self, Run};

/// The files that `bun install` reads.
const MANIFEST: [&str; 2] = ["package.json", "bun.lock"];

/// The files of the app besides those and `src`.
const SETTINGS: [&str; 2] = ["next.config.ts", "tsconfig.json"];

/// The recipe of `nextjs-docker:latest`.
pub(super) fn recipe(images: &Path) -> Result<Recipe> {
    let app = images.join("nextjs-docker/app");
    let port = ContainerPort::parse("3000/tcp").context("cannot read the port")?;
    let config = ImageConfig {
        cmd: ["bun", "run", "dev"].map(String::from).into(),
        env: [PATH, "NODE_ENV=development", "NEXT_TELEMETRY_DISABLED=1"]
            .map(String::from)
            .into(),
        workdir: "/app".into(),
        exposed_ports: [port].into(),
        ..ImageConfig::default()
    };
    let mut layers = Vec::from(debian::layers(&["ca-certificates"]));
    layers.extend([bun::layer(), dependencies(&app)?, sources(&app)?]);
    Ok(Recipe {
        reference: "nextjs-docker:latest",
        config,
        further: None,
        identity: None,
        layers,
    })
}

/// The layer with `node_modules` and the files it follows from.
fn dependencies(app: &Path) -> Result<Layer> {
    let mut key = Key::new("nextjs dependencies", 1).with("bun", bun::key().hex());
    for name in MANIFEST {
        key = key.with(name, read(&app.join(name))?);
    }
    let app = app.to_owned();
    Ok(Layer::new("Next.js and React", key, move |file, step| {
        install(&app, file, step)
    }))
}

fn install(app: &Path, file: &Path, step: &Step) -> Result<()> {
    let bun = bun::program()?;
    let scratch = tempfile::tempdir_in(file.parent().unwrap_or(Path::new(".")))
        .context("cannot make a temporary folder")?;
    let work = scratch.path().join("app");
    fs::create_dir(&work).context("cannot make a temporary folder")?;
    for name in MANIFEST {
        fs::copy(app.join(name), work.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    let mut command = Run::new(bun)
        .args([
            "install",
            "--frozen-lockfile",
            "--ignore-scripts",
            "--no-progress",
        ])
        .env("BUN_INSTALL_CACHE_DIR", scratch.path().join("cache"))
        .dir(&work);
    // Bun reads only some of the places where npm keeps its settings.
    if process::exists("npm") {
        let registry = Run::new("npm")
            .args(["config", "get", "registry"])
            .capture()?;
        command = command.env("npm_config_registry", registry.trim());
    }
    command.within(step)?;
    step.progress("packing");
    for path in musl_packages(&work.join("node_modules"))? {
        fs::remove_dir_all(&path).with_context(|| format!("cannot remove {path:?}"))?;
    }
    let mut tree = Tree::create(file)?;
    tree.folder("app", 0o755)?;
    for name in MANIFEST {
        tree.copy(&format!("app/{name}"), 0o644, &work.join(name))?;
    }
    tree.copy_all("app/node_modules", &work.join("node_modules"))?;
    tree.finish()
}

/// Binaries for a C library that this image does not have; Bun installs those of both.
fn musl_packages(modules: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for scope in ["@img", "@next"] {
        let scope = modules.join(scope);
        for entry in fs::read_dir(&scope).with_context(|| format!("cannot list {scope:?}"))? {
            let entry = entry.with_context(|| format!("cannot list {scope:?}"))?;
            if entry.file_name().to_string_lossy().contains("musl") {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// The layer with the app itself.
fn sources(app: &Path) -> Result<Layer> {
    let mut key = Key::new("nextjs app", 1).with_tree(&app.join("src"))?;
    for name in SETTINGS {
        key = key.with(name, read(&app.join(name))?);
    }
    let app = app.to_owned();
    Ok(Layer::new("The app", key, move |file, _| {
        let mut tree = Tree::create(file)?;
        tree.folder("app", 0o755)?;
        for name in SETTINGS {
            tree.copy(&format!("app/{name}"), 0o644, &app.join(name))?;
        }
        tree.copy_all("app/src", &app.join("src"))?;
        tree.finish()
    }))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {path:?}"))
}
