//! Manifests, indexes and descriptors (OCI image specification, "Image Manifest", "Image Index").

use std::collections::BTreeMap;

use ctnr_model::Digest;
use serde::{Deserialize, Serialize};

/// Media type of a manifest.
pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of an index.
pub(crate) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of an image's configuration.
pub(crate) const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
/// The content of the file `oci-layout`.
pub(crate) const OCI_LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// Keys of annotations.
pub(crate) mod annotation {
    /// The tag, or the whole name, of an image in a layout (OCI image specification).
    pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";
    /// The whole name of an image in a layout, as containerd and Docker write it.
    pub(crate) const IMAGE_NAME: &str = "io.containerd.image.name";
}

/// A pointer to a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    /// What the blob is.
    pub(crate) media_type: String,
    /// Its digest.
    pub(crate) digest: Digest,
    /// Its length in bytes.
    pub(crate) size: u64,
    /// What a manifest in an index runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<PlatformFields>,
    /// Notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// What a manifest in an index runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlatformFields {
    /// Go's name of the processor.
    pub(crate) architecture: String,
    /// Go's name of the system.
    pub(crate) os: String,
    /// The processor's variant, such as `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
}

impl Descriptor {
    /// A pointer without annotations.
    pub(crate) fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            platform: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Whether this points to an index, OCI's or Docker's.
    pub(crate) fn is_index(&self) -> bool {
        is_index_type(&self.media_type)
    }

    /// Whether this points to a manifest, OCI's or Docker's.
    pub(crate) fn is_manifest(&self) -> bool {
        is_manifest_type(&self.media_type)
    }
}

/// Whether a media type is an index's.
pub(crate) fn is_index_type(media_type: &str) -> bool {
    matches!(
        media_type,
        INDEX_TYPE | "application/vnd.docker.distribution.manifest.list.v2+json"
    )
}

/// Whether a media type is a manifest's.
pub(crate) fn is_manifest_type(media_type: &str) -> bool {
    matches!(
        media_type,
        MANIFEST_TYPE | "application/vnd.docker.distribution.manifest.v2+json"
    )
}

/// An image manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    /// 2.
    pub(crate) schema_version: u32,
    /// [`MANIFEST_TYPE`] or Docker's; may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    /// The configuration.
    pub(crate) config: Descriptor,
    /// The layers, lowest first.
    pub(crate) layers: Vec<Descriptor>,
    /// Notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// A manifest of our own.
    pub(crate) fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MANIFEST_TYPE.to_owned()),
            config,
            layers,
            annotations: BTreeMap::new(),
        }
    }
}

/// A list of manifests: one image for several platforms, or all images of a layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    /// 2.
    pub(crate) schema_version: u32,
    /// [`INDEX_TYPE`] or Docker's; may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    /// What is in it.
    pub(crate) manifests: Vec<Descriptor>,
}

impl Index {
    /// An index of our own.
    pub(crate) fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(INDEX_TYPE.to_owned()),
            manifests,
        }
    }
}
