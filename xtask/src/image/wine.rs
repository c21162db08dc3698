//! `wine:latest`: the runtime of Win32 containers, made by `ctnr-wine`, as the backend makes it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use ctnr_wine::{Flow, Progress, layout};

use super::debian;
use super::recipe::{Layer, Recipe};
use crate::cache::Key;
use crate::console::Step;

/// The recipe of `wine:latest`.
pub(super) fn recipe() -> Recipe {
    let digest = ctnr_wine::recipe::digest();
    let key = Key::new("wine", 1).with("recipe", &digest);
    Recipe {
        reference: layout::IMAGE,
        further: Some(layout::VERSIONED_IMAGE),
        config: ctnr_wine::recipe::config(),
        identity: Some(digest),
        layers: vec![Layer::new("Wine", key, make)],
    }
}

fn make(file: &Path, step: &Step) -> Result<()> {
    debian::ensure_packages()?;
    let folder = file.parent().context("a layer has a folder")?;
    let scratch = folder.join("scratch");
    let runtime = ctnr_wine::build(&scratch, &|progress: &Progress| {
        let Progress {
            stage,
            percent,
            detail,
        } = progress;
        step.progress(format!("{percent} %  {}: {detail}", stage.as_str()));
        if crate::signals::received() {
            Flow::Cancel
        } else {
            Flow::GoOn
        }
    })?;
    fs::rename(runtime.layer(), file).with_context(|| format!("cannot move {file:?}"))?;
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {scratch:?}"))
}
