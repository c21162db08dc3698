//! `cargo xtask image NAME`: makes the images under `images/` from packages alone, and gives them
//! to the engines of this machine.

mod archive;
mod bun;
mod busybox;
mod debian;
mod deliver;
mod docker;
mod elf;
mod native;
mod nextjs;
mod recipe;
mod tree;
mod windows;
mod wine;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use ctnr_images::Compression;

use crate::cache::{self, Key};
use crate::workspace;
use archive::Archive;
use recipe::Recipe;
pub(crate) use windows::programs;

/// When all images were made, and their files changed last: 2026-01-01, so that the same content
/// has the same digest whenever it is made.
const CREATED_SECONDS: i64 = 1_767_225_600;

/// The options of `cargo xtask image`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The image to make.
    pub(crate) name: Name,
    /// Which engines get it: all, but for the Wine runtime, which only the native one runs. `all`
    /// leaves Docker out where it does not answer.
    #[arg(long, value_enum)]
    pub(crate) engine: Option<Engine>,
    /// The data directory whose image store the native engine uses.
    #[arg(long, value_name = "DIR", env = "CONTAINERS_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Write the image to an archive; no engine gets it then unless `--engine` is given.
    #[arg(long, value_name = "FILE")]
    pub(crate) archive: Option<PathBuf>,
    /// Make every layer anew.
    #[arg(long)]
    pub(crate) rebuild: bool,
}

/// The images that have a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// BusyBox alone, as busybox:latest: ready in a second.
    Busybox,
    /// A Next.js dev server on Bun, as nextjs-docker:latest.
    NextjsDocker,
    /// Wine for Win32 containers, as wine:latest.
    Wine,
}

/// Who gets an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// The image store of the native engine.
    Native,
    /// Docker, or a Podman on its socket.
    Docker,
    /// Both.
    All,
}

/// Makes an image and gives it to the engines that do not have it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let recipe = recipe(args.name)?;
    if args.rebuild {
        recipe.layers.iter().try_for_each(recipe::Layer::forget)?;
    }
    if let Some(file) = &args.archive {
        Archive::prepare(&recipe)?.save(file)?;
    }
    let engine = match (args.engine, &args.archive) {
        (Some(engine), _) => engine,
        (None, Some(_)) => return Ok(()),
        (None, None) if args.name == Name::Wine => Engine::Native,
        (None, None) => Engine::All,
    };
    if matches!(engine, Engine::Native | Engine::All) {
        deliver::to_native(&recipe, args.data_dir.as_deref(), args.rebuild)?;
    }
    if matches!(engine, Engine::Docker | Engine::All) {
        deliver::to_docker(&recipe, engine == Engine::Docker, args.rebuild)?;
    }
    Ok(())
}

/// An archive of an image, kept with the image's layers.
pub(crate) fn archive(name: Name) -> Result<PathBuf> {
    let recipe = recipe(name)?;
    let key = Key::new("archive", 1).with("recipe", recipe.hash()?);
    let folder = cache::entry("archives", &key, |folder| {
        Archive::prepare(&recipe)?.save(&folder.join("image.tar"))
    })?;
    Ok(folder.join("image.tar"))
}

/// The bytes of an image's layers when they are packed.
pub(crate) fn packed_size(name: Name, compression: Compression) -> Result<u64> {
    Archive::prepare(&recipe(name)?)?.packed_size(compression)
}

/// The tar of an image's lowest layer.
pub(crate) fn lowest_layer(name: Name) -> Result<PathBuf> {
    let recipe = recipe(name)?;
    recipe
        .layers
        .first()
        .context("the image has no layer")?
        .tar()
}

fn recipe(name: Name) -> Result<Recipe> {
    match name {
        Name::Busybox => busybox::recipe(),
        Name::Wine => Ok(wine::recipe()),
        Name::NextjsDocker => nextjs::recipe(&workspace::root().join("images")),
    }
}
