//! An image of the store, as its documents describe it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ctnr_model::{Digest, ImageConfig, ImageReference};
use jiff::Timestamp;

use super::files;
use super::layout::{Layout, layer_facts, layer_tree};
use super::names::Entry;
use crate::ImageError;
use crate::document::{ConfigFile, Manifest};
use crate::hash::Hasher;
use crate::unpack::Unpacked;

/// The largest document that is read back, in bytes. Larger ones never get into a store.
const DOCUMENT_MAX: u64 = 64 * 1024 * 1024;

/// An image that is ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// Its name; none where another image took it.
    pub reference: Option<ImageReference>,
    /// The manifest's digest, which the store knows it by.
    pub manifest: Digest,
    /// The configuration's digest: Docker's `Id`.
    pub id: Digest,
    /// How its program runs.
    pub config: ImageConfig,
    /// Go's name of the processor it is for.
    pub architecture: String,
    /// When it was made, where it says so.
    pub created: Option<Timestamp>,
    /// Bytes of its files, unpacked.
    pub size: u64,
    /// Bytes of its layers as they came.
    pub packed_size: u64,
    /// Directories for overlayfs, lowest first, none twice. Empty for an image without files.
    pub layers: Vec<PathBuf>,
    /// Devices that rootless unpacking left out.
    pub skipped_devices: u64,
}

/// An image in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageDetails {
    /// What running it needs.
    pub image: StoredImage,
    /// All its names.
    pub references: Vec<ImageReference>,
    /// The digests of the plain layers, lowest first.
    pub diff_ids: Vec<Digest>,
    /// How it was made, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// A step in the making of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub created: Option<Timestamp>,
    /// By which command.
    pub created_by: String,
    /// A note.
    pub comment: String,
    /// Whether the step made no layer.
    pub empty_layer: bool,
}

/// The documents of an image.
#[derive(Debug)]
pub(crate) struct Documents {
    /// The manifest.
    pub(crate) manifest: Manifest,
    /// The configuration.
    pub(crate) config: ConfigFile,
}

impl Documents {
    /// Reads and checks the documents of a manifest in the store.
    pub(crate) fn read(layout: &Layout, digest: &Digest) -> Result<Self, ImageError> {
        let manifest: Manifest = read(layout, digest)?;
        let config = read(layout, &manifest.config.digest)?;
        Ok(Self { manifest, config })
    }
}

fn read<T: serde::de::DeserializeOwned>(layout: &Layout, digest: &Digest) -> Result<T, ImageError> {
    let path = layout.blob(digest);
    let what = || format!("the store's file {}", path.display());
    let bytes = files::read_small(&path, DOCUMENT_MAX)?
        .ok_or_else(|| ImageError::corrupt(what(), "it is missing"))?;
    let actual = Hasher::of(digest.algorithm(), &bytes);
    if actual != *digest {
        return Err(ImageError::DigestMismatch {
            what: what(),
            expected: digest.clone(),
            actual,
        });
    }
    serde_json::from_slice(&bytes).map_err(|error| ImageError::corrupt(what(), error.to_string()))
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| text.parse().ok())
}

/// Reads an image of the store.
pub(crate) fn load(layout: &Layout, entry: &Entry) -> Result<StoredImage, ImageError> {
    let digest = &entry.manifest.digest;
    let Documents { manifest, config } = Documents::read(layout, digest)?;
    let mut layers = Vec::new();
    let (mut size, mut skipped_devices) = (0, 0);
    for diff_id in &config.rootfs.diff_ids {
        let layer = layout.layer(diff_id);
        let facts = layer_facts(&layer);
        let bytes = files::read_small(&facts, DOCUMENT_MAX)?.unwrap_or_default();
        let unpacked: Unpacked = serde_json::from_slice(&bytes).map_err(|error| {
            ImageError::corrupt(
                format!("the unpacked layer {}", layer.display()),
                error.to_string(),
            )
        })?;
        size += unpacked.size;
        skipped_devices += unpacked.skipped;
        if unpacked.root_opaque {
            layers.clear();
        }
        layers.push(layer_tree(&layer));
    }
    Ok(StoredImage {
        reference: entry.reference.clone(),
        manifest: digest.clone(),
        id: manifest.config.digest,
        architecture: config.architecture,
        created: time(config.created.as_deref()),
        config: config.config.unwrap_or_default().into(),
        size,
        packed_size: manifest.layers.iter().map(|layer| layer.size).sum(),
        layers: topmost(layers),
        skipped_devices,
    })
}

/// Keeps the topmost of layers that occur more than once: overlayfs refuses the same directory
/// twice, and what a lower copy adds the upper one hides.
fn topmost(layers: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<PathBuf> = layers
        .into_iter()
        .rev()
        .filter(|layer| seen.insert(layer.clone()))
        .collect();
    kept.reverse();
    kept
}

/// Reads how an image was made.
pub(crate) fn describe(
    layout: &Layout,
    image: StoredImage,
    references: Vec<ImageReference>,
) -> Result<ImageDetails, ImageError> {
    let Documents { config, .. } = Documents::read(layout, &image.manifest)?;
    let history = config.history.unwrap_or_default().into_iter();
    Ok(ImageDetails {
        image,
        references,
        diff_ids: config.rootfs.diff_ids,
        history: history
            .map(|step| HistoryEntry {
                created: time(step.created.as_deref()),
                created_by: step.created_by.unwrap_or_default(),
                comment: step.comment.unwrap_or_default(),
                empty_layer: step.empty_layer,
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topmost_of_equal_layers_is_kept() {
        let layers = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(
            topmost(layers(&["a", "b", "a", "c"])),
            layers(&["b", "a", "c"])
        );
    }
}
