//! Layers of a manifest on a host.

use ctnr_model::LayerId;
use ctnr_model::container::{LayerSource, Manifest};

use crate::PlanError;

/// The ids of a manifest's layers, the lowest first, where `find` knows what this host has.
///
/// # Errors
/// [`PlanError::MissingLayers`] with all that this host does not have.
pub fn resolve_layers(
    manifest: &Manifest,
    find: impl Fn(&LayerSource) -> Option<LayerId>,
) -> Result<Vec<LayerId>, PlanError> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for layer in manifest.stacked_layers() {
        match find(&layer.source) {
            Some(id) => found.push(id),
            None => missing.push((layer.name.clone(), layer.source.clone())),
        }
    }
    if missing.is_empty() {
        Ok(found)
    } else {
        Err(PlanError::MissingLayers(missing))
    }
}
