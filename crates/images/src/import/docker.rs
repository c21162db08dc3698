//! Archives of `docker save`, which have no manifest of the OCI kind: one is made, which names the
//! layers as they are, so that the same archive gives the same image.

use std::io::Read;

use ctnr_model::ImageReference;

use super::Found;
use super::staged::{StagedArchive, StagedFile};
use crate::ImageError;
use crate::compression::Decoder;
use crate::document::{
    self, CONFIG_TYPE, ConfigFile, Descriptor, DockerManifest, MANIFEST_TYPE, Manifest,
};
use crate::hash::Hasher;
use crate::ingest::{NewImage, NewLayer};
use crate::limits::Limits;

/// Finds the images of `manifest.json`.
pub(super) fn find(archive: &StagedArchive, limits: &Limits) -> Result<Vec<Found>, ImageError> {
    let what = "manifest.json";
    let bytes = StagedArchive::document(what, file(archive, what)?, limits)?;
    let images: Vec<DockerManifest> = serde_json::from_slice(&bytes)
        .map_err(|error| ImageError::corrupt(what, error.to_string()))?;
    if images.is_empty() {
        return Err(ImageError::corrupt("the archive", "it has no image"));
    }
    images
        .iter()
        .map(|image| find_one(archive, image, limits))
        .collect()
}

fn find_one(
    archive: &StagedArchive,
    docker: &DockerManifest,
    limits: &Limits,
) -> Result<Found, ImageError> {
    let config = file(archive, &docker.config)?;
    let config_bytes = StagedArchive::document("the configuration", config, limits)?;
    check_named_digest(&docker.config, &config_bytes)?;
    if docker.layers.len() > limits.layers {
        return Err(ImageError::TooLarge {
            what: "the number of layers".to_owned(),
            limit: format!("{} layers", limits.layers),
            advice: "build the image with fewer steps",
        });
    }
    let files = docker
        .layers
        .iter()
        .map(|name| file(archive, name))
        .collect::<Result<Vec<_>, _>>()?;
    let layers = files
        .iter()
        .map(|file| descriptor(file))
        .collect::<Result<Vec<_>, _>>()?;
    let config = Descriptor::new(CONFIG_TYPE, config.digest.clone(), config.size);
    let manifest_bytes = document::to_bytes(&Manifest::new(config, layers.clone()))?;
    let digest = Hasher::sha256(&manifest_bytes);
    let manifest = Descriptor::new(MANIFEST_TYPE, digest, manifest_bytes.len() as u64);
    let image = NewImage::new(manifest, manifest_bytes, config_bytes, limits)?;
    let references = docker
        .repo_tags
        .iter()
        .flatten()
        .map(|name| ImageReference::parse(name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ImageError::corrupt("manifest.json", error.to_string()))?;
    let ConfigFile { rootfs, .. } = &image.config;
    let layers = layers
        .into_iter()
        .zip(&rootfs.diff_ids)
        .map(|(blob, diff_id)| NewLayer {
            blob,
            diff_id: diff_id.clone(),
        })
        .zip(files.iter().map(|file| file.path.clone()))
        .collect();
    Ok(Found {
        image,
        references,
        source: None,
        layers,
    })
}

fn file<'a>(archive: &'a StagedArchive, name: &str) -> Result<&'a StagedFile, ImageError> {
    archive
        .file(name)
        .ok_or_else(|| ImageError::corrupt("the archive", format!("{name:?} is missing")))
}

/// Where a configuration's name is its digest, as Docker writes it, it has to be true.
fn check_named_digest(name: &str, bytes: &[u8]) -> Result<(), ImageError> {
    let stem = name.rsplit('/').next().unwrap_or(name);
    let stem = stem.strip_suffix(".json").unwrap_or(stem);
    let Ok(expected) = ctnr_model::Digest::parse(&format!("sha256:{stem}")) else {
        return Ok(());
    };
    let actual = Hasher::sha256(bytes);
    if actual == expected {
        return Ok(());
    }
    Err(ImageError::DigestMismatch {
        what: "the configuration".to_owned(),
        expected,
        actual,
    })
}

fn descriptor(file: &StagedFile) -> Result<Descriptor, ImageError> {
    let fail = |error| ImageError::io("read", &file.path, error);
    let start = std::fs::File::open(&file.path).map_err(fail)?.take(64);
    let compression = Decoder::new(start).map_err(fail)?.compression();
    Ok(Descriptor::new(
        compression.layer_media_type(),
        file.digest.clone(),
        file.size,
    ))
}
