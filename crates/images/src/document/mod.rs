//! The JSON documents of the OCI image specification, and `docker save`'s.
//!
//! Only the fields that are used are named. Documents of others keep all their bytes in the store,
//! since their digest is over those.

mod config;
mod docker;
mod manifest;

pub(crate) use config::{ConfigFile, History, RootFs, RunConfig};
pub(crate) use docker::DockerManifest;
pub(crate) use manifest::{
    CONFIG_TYPE, Descriptor, INDEX_TYPE, Index, MANIFEST_TYPE, Manifest, OCI_LAYOUT,
    PlatformFields, annotation,
};

use serde::Serialize;

use crate::ImageError;

/// The bytes of a document of our own: fields in declared order, maps sorted, no white space.
pub(crate) fn to_bytes(document: &impl Serialize) -> Result<Vec<u8>, ImageError> {
    serde_json::to_vec(document)
        .map_err(|error| ImageError::corrupt("a document to be written", error.to_string()))
}
