//! Taking away blobs and layers that no image needs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ctnr_model::{Digest, DigestAlgorithm};

use super::image;
use super::layout::{Layout, layer_facts};
use super::names::Names;
use super::session::Pins;
use crate::ImageError;
use crate::unpack::Unpacked;

/// Moves everything unneeded to `trash`, and returns its size in bytes: packed for blobs, unpacked
/// for layers. The store's lock must be held. An image that something runs from is always in the
/// index, so what is unneeded is not in use.
pub(crate) fn collect(layout: &Layout, trash: &Path) -> Result<u64, ImageError> {
    let pins = Pins::read(layout)?;
    let mut blobs: BTreeSet<Digest> = pins.blobs.into_iter().collect();
    let mut layers: BTreeSet<Digest> = pins.layers.into_iter().collect();
    for entry in Names::read(&layout.index())?.entries() {
        let digest = &entry.manifest.digest;
        let documents = match image::Documents::read(layout, digest) {
            Ok(documents) => documents,
            Err(error) => {
                // What it needs is not known, so everything is kept until it is removed.
                tracing::warn!(manifest = %digest, %error, "a damaged image keeps all blobs and layers");
                return Ok(0);
            }
        };
        blobs.insert(digest.clone());
        blobs.insert(documents.manifest.config.digest.clone());
        blobs.extend(
            documents
                .manifest
                .layers
                .iter()
                .map(|layer| layer.digest.clone()),
        );
        layers.extend(documents.config.rootfs.diff_ids.iter().cloned());
    }
    let mut freed = 0;
    for (digest, path) in objects(&layout.blobs())? {
        if !blobs.contains(&digest) {
            freed += fs::metadata(&path).map_or(0, |meta| meta.len());
            discard(&path, trash, "blob")?;
        }
    }
    for (diff_id, path) in objects(&layout.layers())? {
        if !layers.contains(&diff_id) {
            freed += layer_size(&path);
            discard(&path, trash, "layer")?;
        }
    }
    Ok(freed)
}

/// What a layer's files take, as it was counted when it was unpacked.
fn layer_size(layer: &Path) -> u64 {
    let facts = fs::read(layer_facts(layer)).unwrap_or_default();
    serde_json::from_slice::<Unpacked>(&facts).map_or(0, |facts| facts.size)
}

fn discard(path: &Path, trash: &Path, kind: &str) -> Result<(), ImageError> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    fs::rename(path, trash.join(format!("{kind}-{name}")))
        .map_err(|error| ImageError::io("remove", path, error))
}

/// All objects below a directory of `ALGORITHM/HEX`.
fn objects(directory: &Path) -> Result<Vec<(Digest, PathBuf)>, ImageError> {
    let mut objects = Vec::new();
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512] {
        let directory = directory.join(algorithm.name());
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(ImageError::io("list", &directory, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| ImageError::io("list", &directory, error))?;
            let text = format!(
                "{}:{}",
                algorithm.name(),
                entry.file_name().to_string_lossy()
            );
            if let Ok(digest) = Digest::parse(&text) {
                objects.push((digest, entry.path()));
            }
        }
    }
    Ok(objects)
}
