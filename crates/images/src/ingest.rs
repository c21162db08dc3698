//! Bringing an image into the store, wherever it comes from: its documents are checked, its layers
//! unpacked into a session, and each digest compared with what it is the digest of.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ctnr_model::{Digest, ImageReference};

use tokio::sync::mpsc;

use crate::ImageError;
use crate::document::{ConfigFile, Descriptor, Manifest};
use crate::hash::Hasher;
use crate::limits::{Budget, Limits};
use crate::progress::{LayerPhase, Metered, Progress, ProgressSink};
use crate::store::StoredImage;
use crate::store::files;
use crate::store::layout::{layer_facts, layer_tree};
use crate::store::names::Entry;
use crate::store::session::Session;
use crate::unpack::{self, Privilege};

/// The documents of an image that is to be stored, checked against each other.
#[derive(Debug, Clone)]
pub(crate) struct NewImage {
    /// Where the manifest is.
    pub(crate) manifest: Descriptor,
    manifest_bytes: Vec<u8>,
    config_bytes: Vec<u8>,
    parsed: Manifest,
    /// What the configuration says.
    pub(crate) config: ConfigFile,
}

/// A layer of an image that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewLayer {
    /// The packed layer.
    pub(crate) blob: Descriptor,
    /// The digest of the plain tar.
    pub(crate) diff_id: Digest,
}

impl NewLayer {
    /// How messages call it.
    pub(crate) fn label(&self) -> String {
        format!("layer {}", self.blob.digest)
    }
}

/// Tells a manifest from an index.
#[derive(serde::Deserialize)]
struct BothShapes {
    manifests: Option<serde::de::IgnoredAny>,
}

/// Reads a manifest and refuses what is not an image's.
pub(crate) fn parse_manifest(bytes: &[u8], limits: &Limits) -> Result<Manifest, ImageError> {
    check_document("the manifest", bytes.len() as u64, limits)?;
    let manifest: Manifest = serde_json::from_slice(bytes)
        .map_err(|error| ImageError::corrupt("the manifest", error.to_string()))?;
    let both: BothShapes = serde_json::from_slice(bytes)
        .map_err(|error| ImageError::corrupt("the manifest", error.to_string()))?;
    if both.manifests.is_some() {
        return Err(ImageError::corrupt(
            "the manifest",
            "it is an index at the same time",
        ));
    }
    if manifest.schema_version != 2 {
        return Err(ImageError::Unsupported {
            what: format!("a manifest of schema version {}", manifest.schema_version),
            advice: "push the image again with a current tool".to_owned(),
        });
    }
    if manifest.layers.len() > limits.layers {
        return Err(ImageError::TooLarge {
            what: "the number of layers".to_owned(),
            limit: format!("{} layers", limits.layers),
            advice: "build the image with fewer steps",
        });
    }
    let is_config = matches!(
        manifest.config.media_type.as_str(),
        crate::document::CONFIG_TYPE | "application/vnd.docker.container.image.v1+json"
    );
    if !is_config {
        return Err(ImageError::Unsupported {
            what: format!("an artifact of type {:?}", manifest.config.media_type),
            advice: "only container images can be run".to_owned(),
        });
    }
    check_document("the configuration", manifest.config.size, limits)?;
    Ok(manifest)
}

/// What a document is: as it says itself, else as its sender says. A document that is a manifest
/// and an index at once would be one thing to us and another to the next reader.
#[cfg(feature = "registry")]
pub(crate) fn media_type(bytes: &[u8], sent_as: Option<&str>) -> Result<String, ImageError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        media_type: Option<String>,
    }
    let shape: Shape = serde_json::from_slice(bytes)
        .map_err(|error| ImageError::corrupt("the manifest", error.to_string()))?;
    let sent_as = sent_as.map(|text| text.split(';').next().unwrap_or(text).trim().to_owned());
    Ok(shape.media_type.or(sent_as).unwrap_or_default())
}

/// Refuses a document that is too large to be read into memory.
pub(crate) fn check_document(what: &str, size: u64, limits: &Limits) -> Result<(), ImageError> {
    if size <= limits.document.bytes() {
        return Ok(());
    }
    Err(ImageError::TooLarge {
        what: what.to_owned(),
        limit: limits.document.to_string(),
        advice: "no real image needs that much",
    })
}

/// Compares bytes with their descriptor.
pub(crate) fn check_bytes(
    what: &str,
    bytes: &[u8],
    descriptor: &Descriptor,
) -> Result<(), ImageError> {
    let actual = Hasher::of(descriptor.digest.algorithm(), bytes);
    if actual != descriptor.digest {
        let expected = descriptor.digest.clone();
        return Err(ImageError::DigestMismatch {
            what: what.to_owned(),
            expected,
            actual,
        });
    }
    check_size(what, bytes.len() as u64, descriptor)
}

/// Compares a length with a descriptor.
pub(crate) fn check_size(what: &str, size: u64, descriptor: &Descriptor) -> Result<(), ImageError> {
    if size == descriptor.size {
        return Ok(());
    }
    let reason = format!("it has {size} bytes and not {} as stated", descriptor.size);
    Err(ImageError::corrupt(what, reason))
}

impl NewImage {
    /// Checks the bytes of a manifest and of its configuration.
    pub(crate) fn new(
        manifest: Descriptor,
        manifest_bytes: Vec<u8>,
        config_bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<Self, ImageError> {
        check_bytes("the manifest", &manifest_bytes, &manifest)?;
        let parsed = parse_manifest(&manifest_bytes, limits)?;
        if parsed
            .media_type
            .as_ref()
            .is_some_and(|own| *own != manifest.media_type)
        {
            let reason = format!(
                "it is not the {:?} as which it is named",
                manifest.media_type
            );
            return Err(ImageError::corrupt("the manifest", reason));
        }
        check_document("the configuration", config_bytes.len() as u64, limits)?;
        check_bytes("the configuration", &config_bytes, &parsed.config)?;
        let config: ConfigFile = serde_json::from_slice(&config_bytes)
            .map_err(|error| ImageError::corrupt("the configuration", error.to_string()))?;
        if config.os != "linux" && !config.os.is_empty() {
            return Err(ImageError::Unsupported {
                what: format!("an image for {:?}", config.os),
                advice: "choose one for Linux".to_owned(),
            });
        }
        let (layers, diff_ids) = (parsed.layers.len(), config.rootfs.diff_ids.len());
        if layers != diff_ids {
            let reason = format!("it names {diff_ids} layers and the manifest {layers}");
            return Err(ImageError::corrupt("the configuration", reason));
        }
        for layer in &parsed.layers {
            let kind = layer.media_type.as_str();
            let known = kind.starts_with("application/vnd.oci.image.layer.")
                || kind.starts_with("application/vnd.docker.image.rootfs.");
            if !known || !kind.contains("tar") || kind.contains("encrypted") {
                return Err(ImageError::Unsupported {
                    what: format!("a layer of type {kind:?}"),
                    advice: "build the image with tar, tar+gzip or tar+zstd layers".to_owned(),
                });
            }
        }
        let image = Self {
            manifest,
            manifest_bytes,
            config_bytes,
            parsed,
            config,
        };
        let layers = image.layers();
        let mut blobs = BTreeSet::new();
        if !layers.iter().all(|layer| blobs.insert(&layer.blob.digest)) {
            let reason = "it states two contents for one layer";
            return Err(ImageError::corrupt("the configuration", reason));
        }
        Ok(image)
    }

    /// The layers, lowest first, each pair once.
    pub(crate) fn layers(&self) -> Vec<NewLayer> {
        let pairs = self.parsed.layers.iter().zip(&self.config.rootfs.diff_ids);
        let mut layers: Vec<NewLayer> = Vec::new();
        for (blob, diff_id) in pairs {
            let layer = NewLayer {
                blob: blob.clone(),
                diff_id: diff_id.clone(),
            };
            if !layers.contains(&layer) {
                layers.push(layer);
            }
        }
        layers
    }

    /// Puts the documents into the session.
    pub(crate) fn stage(&self, session: &Session) -> Result<(), ImageError> {
        for (digest, bytes) in [
            (&self.manifest.digest, &self.manifest_bytes),
            (&self.parsed.config.digest, &self.config_bytes),
        ] {
            let path = session.staged_blob(digest);
            if session.pin_blob(digest)?.is_none() && !path.exists() {
                let scratch = session.scratch("document");
                files::replace_file(&path, &scratch, bytes)?;
            }
        }
        Ok(())
    }

    /// The image under a name, or under none.
    pub(crate) fn entry(&self, reference: Option<ImageReference>, source: Option<Digest>) -> Entry {
        let manifest = &self.manifest;
        let manifest =
            Descriptor::new(&manifest.media_type, manifest.digest.clone(), manifest.size);
        Entry {
            reference,
            manifest,
            source,
        }
    }
}

/// The work on one import or pull. The last clone to be dropped removes the session's directory,
/// which may take long: that is a blocking thread's business.
#[derive(Clone)]
pub(crate) struct Ingest {
    /// Where everything goes first.
    pub(crate) session: Arc<Session>,
    /// What may be used.
    pub(crate) budget: Arc<Budget>,
    /// Who is told.
    pub(crate) progress: ProgressSink,
    /// What layers may hold.
    pub(crate) privilege: Privilege,
    /// Closes when all clones are gone, and the session's directory with them: fields are dropped
    /// in the order in which they stand here.
    pub(crate) _ended: mpsc::Sender<()>,
}

impl Ingest {
    /// Tells how far a layer is.
    pub(crate) fn tell(&self, layer: &NewLayer, phase: LayerPhase, done: u64) {
        let (digest, total) = (layer.blob.digest.clone(), layer.blob.size);
        (self.progress)(Progress::Layer {
            digest,
            phase,
            done,
            total,
        });
    }

    /// Whether the store has both forms of a layer already. It keeps them for this session.
    pub(crate) fn has(&self, layer: &NewLayer) -> Result<bool, ImageError> {
        let has = self.session.pin_blob(&layer.blob.digest)?.is_some()
            && self.session.pin_layer(&layer.diff_id)?.is_some();
        if has {
            self.tell(layer, LayerPhase::Present, layer.blob.size);
        }
        Ok(has)
    }

    /// Unpacks a layer from `packed`, whose own digest has been checked, unless the store or the
    /// session has it; then only its digest is checked. Blocks.
    pub(crate) fn unpack(&self, layer: &NewLayer, packed: &Path) -> Result<(), ImageError> {
        let label = layer.label();
        let file = File::open(packed).map_err(|error| ImageError::io("open", packed, error))?;
        let staged = self.session.staged_layer(&layer.diff_id);
        let algorithm = layer.diff_id.algorithm();
        let actual = if staged.exists() || self.session.pin_layer(&layer.diff_id)?.is_some() {
            unpack::hash_plain(&label, file, algorithm, &self.budget)?
        } else {
            let metered = Metered::new(file, |done| self.tell(layer, LayerPhase::Unpacking, done));
            self.tell(layer, LayerPhase::Unpacking, 0);
            // Layers are unpacked beside each other, each with a directory for what it replaces.
            let work = self.session.work_directory()?;
            let (layer_directory, trash) = (work.join("layer"), work.join("trash"));
            let tree = layer_tree(&layer_directory);
            for directory in [&layer_directory, &tree, &trash] {
                files::make_directory(directory)?;
            }
            set_tree_mode(&tree)?;
            let (actual, unpacked) = unpack::unpack(
                &label,
                metered,
                (&tree, &trash),
                self.privilege,
                algorithm,
                &self.budget,
            )?;
            check_diff_id(&label, layer, &actual)?;
            let facts = crate::document::to_bytes(&unpacked)?;
            let facts_path = layer_facts(&layer_directory);
            files::replace_file(&facts_path, &work.join("layer.json"), &facts)?;
            match std::fs::rename(&layer_directory, &staged) {
                // The same layer was unpacked from another blob meanwhile.
                Err(_) if staged.exists() => {}
                Err(error) => return Err(ImageError::io("move", &layer_directory, error)),
                Ok(()) => {}
            }
            actual
        };
        check_diff_id(&label, layer, &actual)?;
        self.tell(layer, LayerPhase::Done, layer.blob.size);
        Ok(())
    }

    /// Makes images visible under their names.
    pub(crate) fn commit(&self, entries: &[Entry]) -> Result<Vec<Arc<StoredImage>>, ImageError> {
        self.budget.check_wanted()?;
        let images = self.session.commit(entries)?;
        for image in &images {
            (self.progress)(Progress::Stored {
                manifest: image.manifest.clone(),
            });
        }
        Ok(images.into_iter().map(Arc::new).collect())
    }
}

fn check_diff_id(label: &str, layer: &NewLayer, actual: &Digest) -> Result<(), ImageError> {
    if *actual == layer.diff_id {
        return Ok(());
    }
    Err(ImageError::DigestMismatch {
        what: format!("the unpacked {label}"),
        expected: layer.diff_id.clone(),
        actual: actual.clone(),
    })
}

/// The root of a tree, which a layer need not describe.
fn set_tree_mode(tree: &Path) -> Result<(), ImageError> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(tree, std::fs::Permissions::from_mode(0o755))
        .map_err(|error| ImageError::io("set the mode of", tree, error))
}
