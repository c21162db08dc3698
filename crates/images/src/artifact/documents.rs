//! Manifest and configuration of an artifact.

use std::collections::BTreeMap;

use ctnr_model::Digest;
use serde::{Deserialize, Serialize};

use crate::ImageError;
use crate::document::{self, Descriptor, MANIFEST_TYPE};
use crate::hash::Hasher;
use crate::ingest;

/// What the artifact is.
pub(super) const ARTIFACT_TYPE: &str = "application/vnd.ctnr.container.v1";
/// What its configuration is.
const CONFIG_TYPE: &str = "application/vnd.ctnr.container.config.v1+json";
/// The beginning of what configurations of all versions are.
const ANY_CONFIG: &str = "application/vnd.ctnr.container.config.";
/// What its layers are.
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// The annotation of a layer with its [`LayerKind`].
const LAYER_KIND: &str = "dev.ctnr.layer";
/// The annotation of a layer with the bytes of its plain tar.
const LAYER_UNPACKED: &str = "dev.ctnr.layer.unpacked";
/// The most layers: as many as a container is made of.
const LAYERS_MAX: usize = 100;
/// The largest manifest, in bytes.
pub(crate) const MANIFEST_MAX: u64 = 1024 * 1024;
/// The largest configuration, in bytes.
pub(crate) const CONFIG_MAX: u64 = 16 * 1024 * 1024;

/// What a layer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerKind {
    /// The program.
    Program,
    /// What its user has made.
    Data,
}

/// A layer of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactLayer {
    /// The digest of its packed bytes.
    pub digest: Digest,
    /// Its packed bytes.
    pub size: u64,
    /// The bytes of its plain tar, where that is stated.
    pub unpacked: Option<u64>,
    /// What it belongs to.
    pub kind: LayerKind,
}

impl ArtifactLayer {
    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.unpacked == Some(EMPTY)
    }
}

/// The bytes of a tar without entries: its end.
const EMPTY: u64 = 1024;

/// The documents of an artifact, checked against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    pub(crate) manifest: Vec<u8>,
    pub(crate) config: Vec<u8>,
    pub(crate) config_digest: Digest,
    digest: Digest,
    layers: Vec<ArtifactLayer>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

impl Artifact {
    /// Makes the documents of an artifact of our own. The same parts give the same bytes.
    ///
    /// # Errors
    /// [`ImageError::TooLarge`] for a configuration that is not taken back, or too many layers.
    pub fn new(
        config: Vec<u8>,
        layers: Vec<ArtifactLayer>,
        annotations: BTreeMap<String, String>,
    ) -> Result<Self, ImageError> {
        check_size("the configuration", config.len() as u64, CONFIG_MAX)?;
        check_count(layers.len())?;
        let config_digest = Hasher::sha256(&config);
        let manifest = document::to_bytes(&Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST_TYPE.to_owned()),
            artifact_type: Some(ARTIFACT_TYPE.to_owned()),
            config: Descriptor::new(CONFIG_TYPE, config_digest.clone(), config.len() as u64),
            layers: layers.iter().map(describe).collect(),
            annotations,
        })?;
        Ok(Self {
            digest: Hasher::sha256(&manifest),
            manifest,
            config,
            config_digest,
            layers,
        })
    }

    /// The descriptor of the configuration in the bytes of a manifest.
    pub(crate) fn config_of(manifest: &[u8]) -> Result<Descriptor, ImageError> {
        Ok(parse(manifest)?.config)
    }

    /// Reads the documents of a stranger's artifact. The caller has checked the manifest's own
    /// digest.
    pub(crate) fn read(manifest: Vec<u8>, config: Vec<u8>) -> Result<Self, ImageError> {
        let parsed = parse(&manifest)?;
        ingest::check_bytes("the configuration", &config, &parsed.config)?;
        let layers = parsed
            .layers
            .iter()
            .map(layer)
            .collect::<Result<Vec<_>, _>>()?;
        let is_behind = |pair: &[ArtifactLayer]| {
            pair[0].kind == LayerKind::Data && pair[1].kind == LayerKind::Program
        };
        if layers.windows(2).any(is_behind) {
            return Err(ImageError::corrupt(
                "the manifest",
                "it has a layer of the program over one of the user's data",
            ));
        }
        Ok(Self {
            digest: Hasher::sha256(&manifest),
            manifest,
            config,
            config_digest: parsed.config.digest,
            layers,
        })
    }

    /// The digest of its manifest, which stands for all of it.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The bytes of its configuration.
    pub fn config(&self) -> &[u8] {
        &self.config
    }

    /// Its layers, the lowest first.
    pub fn layers(&self) -> &[ArtifactLayer] {
        &self.layers
    }
}

fn parse(bytes: &[u8]) -> Result<Manifest, ImageError> {
    check_size("the manifest", bytes.len() as u64, MANIFEST_MAX)?;
    let manifest: Manifest = serde_json::from_slice(bytes)
        .map_err(|error| ImageError::corrupt("the manifest", error.to_string()))?;
    let own = manifest.media_type.as_deref().unwrap_or(MANIFEST_TYPE);
    if manifest.schema_version != 2 || own != MANIFEST_TYPE {
        return Err(ImageError::Unsupported {
            what: format!(
                "a manifest of type {own:?}, schema {}",
                manifest.schema_version
            ),
            advice: "export the container again".to_owned(),
        });
    }
    let config = manifest.config.media_type.as_str();
    let kind = manifest.artifact_type.as_deref().unwrap_or(ARTIFACT_TYPE);
    if config != CONFIG_TYPE || kind != ARTIFACT_TYPE {
        let advice = if config.starts_with(ANY_CONFIG) {
            "another version of ctnr made it: use that one, or a later one"
        } else {
            "it is no portable container; `ctnr image import` and `ctnr image pull` take images"
        };
        return Err(ImageError::Unsupported {
            what: format!("an artifact of type {kind:?} with a {config:?}"),
            advice: advice.to_owned(),
        });
    }
    check_size("the configuration", manifest.config.size, CONFIG_MAX)?;
    check_count(manifest.layers.len())?;
    Ok(manifest)
}

fn describe(layer: &ArtifactLayer) -> Descriptor {
    let mut descriptor = Descriptor::new(LAYER_TYPE, layer.digest.clone(), layer.size);
    let kind = match layer.kind {
        LayerKind::Program => "program",
        LayerKind::Data => "data",
    };
    let annotations = &mut descriptor.annotations;
    annotations.insert(LAYER_KIND.to_owned(), kind.to_owned());
    if let Some(unpacked) = layer.unpacked {
        annotations.insert(LAYER_UNPACKED.to_owned(), unpacked.to_string());
    }
    descriptor
}

fn layer(descriptor: &Descriptor) -> Result<ArtifactLayer, ImageError> {
    let kind = descriptor.media_type.as_str();
    // Tools that copy artifacts may pack layers otherwise on the way.
    let is_known = kind == LAYER_TYPE
        || kind == "application/vnd.oci.image.layer.v1.tar+gzip"
        || kind == "application/vnd.oci.image.layer.v1.tar";
    if !is_known {
        return Err(ImageError::Unsupported {
            what: format!("a layer of type {kind:?}"),
            advice: "export the container again".to_owned(),
        });
    }
    let annotation = |key: &str| descriptor.annotations.get(key).map(String::as_str);
    let wrong = |key: &str| {
        let reason = format!("a layer's annotation {key} means nothing");
        ImageError::corrupt("the manifest", reason)
    };
    Ok(ArtifactLayer {
        digest: descriptor.digest.clone(),
        size: descriptor.size,
        unpacked: annotation(LAYER_UNPACKED)
            .map(|text| text.parse().map_err(|_| wrong(LAYER_UNPACKED)))
            .transpose()?,
        kind: match annotation(LAYER_KIND) {
            None | Some("program") => LayerKind::Program,
            Some("data") => LayerKind::Data,
            Some(_) => return Err(wrong(LAYER_KIND)),
        },
    })
}

fn check_count(layers: usize) -> Result<(), ImageError> {
    if layers <= LAYERS_MAX {
        return Ok(());
    }
    Err(ImageError::TooLarge {
        what: format!("an artifact of {layers} layers"),
        limit: format!("{LAYERS_MAX} layers"),
        advice: "no container has more",
    })
}

/// Refuses a document that is too large to be read into memory.
pub(super) fn check_size(what: &str, size: u64, most: u64) -> Result<(), ImageError> {
    if size <= most {
        return Ok(());
    }
    Err(ImageError::TooLarge {
        what: what.to_owned(),
        limit: ctnr_model::ByteSize::from_bytes(most).to_string(),
        advice: "no container needs that much",
    })
}
