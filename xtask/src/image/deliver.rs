//! Giving an image to the engines, where they do not have it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};

use super::archive::Archive;
use super::docker::{Docker, Tagged};
use super::native::{Named, Native};
use super::recipe::Recipe;
use crate::console::{self, Step};

/// Puts the image into Docker. Where none answers, that is an error only when it is `wanted`.
pub(super) fn to_docker(recipe: &Recipe, wanted: bool, again: bool) -> Result<()> {
    let reference = recipe.reference;
    let docker = match Docker::find() {
        Ok(Some(docker)) => docker,
        Ok(None) if wanted => bail!("Docker does not answer: is it running, and may you use it?"),
        Err(error) if wanted => return Err(error),
        Ok(None) => return Ok(()),
        Err(error) => {
            console::note(format!("{reference} was not given to Docker: {error:#}"));
            return Ok(());
        }
    };
    let before = docker.tagged(reference)?;
    match &before {
        Tagged::Ours { hash, .. } if !again && *hash == recipe.hash()? => {
            console::note(format!("{reference} is in Docker"));
            return Ok(());
        }
        Tagged::Foreign => {
            console::note(format!(
                "Docker has a {reference} that was not made here; it stays. \
                 `docker rmi {reference}` makes room for this one."
            ));
            return Ok(());
        }
        Tagged::Ours { .. } | Tagged::Absent => {}
    }
    let archive = Archive::prepare(recipe)?;
    let step = Step::start(format!("Loading {reference} into Docker"));
    docker.load(|out| archive.write(out, &step))?;
    if let Tagged::Ours { id: old, .. } = before
        && !matches!(docker.tagged(reference)?, Tagged::Ours { id, .. } if id == old)
    {
        docker.remove_unused(&old)?;
    }
    step.done();
    Ok(())
}

/// Puts the image into the native engine's store.
pub(super) fn to_native(recipe: &Recipe, data_dir: Option<&Path>, again: bool) -> Result<()> {
    let reference = recipe.reference;
    let native = Native::open(data_dir)?;
    match native.named(reference)? {
        Named::Ours(hash) if !again && hash == recipe.hash()? => {
            console::note(format!("{reference} is in the image store"));
            return Ok(());
        }
        Named::Foreign => {
            console::note(format!(
                "the image store has a {reference} that was not made here; it stays. \
                 `ctnr image rm {reference}` makes room for this one."
            ));
            return Ok(());
        }
        Named::Ours(_) | Named::Absent => {}
    }
    let archive = Archive::prepare(recipe)?;
    let step = Arc::new(Step::start(format!("Importing {reference}")));
    native.import(|out| archive.write(out, &step), &step)?;
    if let Some(further) = recipe.further {
        native.tag(reference, further)?;
    }
    step.done();
    Ok(())
}
