//! Archives and layers made by hand, so that they can hold what no tool would write.
#![allow(dead_code, reason = "each test file uses another part")]
#![allow(
    clippy::allow_attributes,
    reason = "expect would fail where everything is used"
)]
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

pub(crate) mod registry;
pub(crate) mod tarball;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use ctnr_images::{
    ImageError, ImageStore, ImportOptions, Privilege, StoreOptions, StoredImage, no_progress,
};
use sha2::Digest as _;

pub(crate) use tarball::{Item, tar};

/// `sha256:…` of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

/// The digits of the SHA-256 digest of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Packed with gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Packed with zstd.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A configuration for plain layers.
pub(crate) fn config(layers: &[Vec<u8>]) -> serde_json::Value {
    serde_json::json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "created": "2024-01-02T03:04:05Z",
        "config": { "Cmd": ["/bin/sh"], "Env": ["A=b"], "Entrypoint": null },
        "rootfs": {
            "type": "layers",
            "diff_ids": layers.iter().map(|layer| sha256(layer)).collect::<Vec<_>>(),
        },
        "history": [{ "created_by": "by hand" }],
    })
}

/// What `docker save` writes for an image of plain layers.
pub(crate) fn docker_archive(tag: &str, layers: &[Vec<u8>]) -> Vec<u8> {
    docker_archive_of(tag, &config(layers), layers)
}

/// The same with a configuration of one's own.
pub(crate) fn docker_archive_of(
    tag: &str,
    config: &serde_json::Value,
    layers: &[Vec<u8>],
) -> Vec<u8> {
    let config = config.to_string().into_bytes();
    let config_name = format!("{}.json", hex(&config));
    let names: Vec<String> = (0..layers.len())
        .map(|layer| format!("{layer}/layer.tar"))
        .collect();
    let manifest = serde_json::json!([
        { "Config": config_name, "RepoTags": [tag], "Layers": names }
    ]);
    let mut items = vec![Item::file(&config_name, &config)];
    for (name, layer) in names.iter().zip(layers) {
        items.push(Item::file(name, layer));
    }
    items.push(Item::file("manifest.json", manifest.to_string().as_bytes()));
    tar(&items)
}

/// An OCI image layout in pieces, to be changed before it is written.
pub(crate) struct OciArchive {
    pub(crate) manifest: serde_json::Value,
    pub(crate) config: serde_json::Value,
    /// Packed layers.
    pub(crate) layers: Vec<Vec<u8>>,
    pub(crate) name: String,
}

impl OciArchive {
    /// An image whose layers are packed as `media_type` says, by `pack`.
    pub(crate) fn new(
        name: &str,
        plain: &[Vec<u8>],
        media_type: &str,
        pack: impl Fn(&[u8]) -> Vec<u8>,
    ) -> Self {
        let layers: Vec<Vec<u8>> = plain.iter().map(|layer| pack(layer)).collect();
        let config = config(plain);
        let config_bytes = config.to_string();
        let descriptor = |bytes: &[u8], kind: &str| serde_json::json!({ "mediaType": kind, "digest": sha256(bytes), "size": bytes.len() });
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor(
                config_bytes.as_bytes(),
                "application/vnd.oci.image.config.v1+json",
            ),
            "layers": layers.iter().map(|layer| descriptor(layer, media_type)).collect::<Vec<_>>(),
        });
        Self {
            manifest,
            config,
            layers,
            name: name.to_owned(),
        }
    }

    /// The blobs by digest.
    pub(crate) fn blobs(&self) -> BTreeMap<String, Vec<u8>> {
        [
            self.manifest.to_string().into_bytes(),
            self.config.to_string().into_bytes(),
        ]
        .into_iter()
        .chain(self.layers.iter().cloned())
        .map(|bytes| (hex(&bytes), bytes))
        .collect()
    }

    /// The archive, with its blobs changed by `change`.
    pub(crate) fn write(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Vec<u8> {
        let mut blobs = self.blobs();
        change(&mut blobs);
        let manifest = self.manifest.to_string();
        let index = serde_json::json!({
            "schemaVersion": 2,
            "manifests": [{
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": sha256(manifest.as_bytes()),
                "size": manifest.len(),
                "annotations": { "org.opencontainers.image.ref.name": self.name },
            }],
        });
        let mut items = vec![Item::file(
            "oci-layout",
            br#"{"imageLayoutVersion":"1.0.0"}"#,
        )];
        for (hex, bytes) in &blobs {
            items.push(Item::file(&format!("blobs/sha256/{hex}"), bytes));
        }
        items.push(Item::file("index.json", index.to_string().as_bytes()));
        tar(&items)
    }
}

/// A store in a directory of its own, with a bystander beside it that nothing may change.
pub(crate) struct Fixture {
    pub(crate) scratch: tempfile::TempDir,
    pub(crate) store: ImageStore,
}

impl Fixture {
    /// An empty store with default options.
    pub(crate) fn new() -> Self {
        Self::with(StoreOptions::default())
    }

    /// An empty store.
    pub(crate) fn with(options: StoreOptions) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let outside = scratch.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret"), "secret").unwrap();
        let store = ImageStore::open(&scratch.path().join("store"), options).unwrap();
        Self { scratch, store }
    }

    /// An empty store that unpacks as an ordinary user would.
    pub(crate) fn rootless() -> Self {
        Self::with(StoreOptions {
            privilege: Some(Privilege::Rootless),
            ..StoreOptions::default()
        })
    }

    /// Imports an archive.
    pub(crate) fn import(&self, archive: &[u8]) -> Result<Vec<Arc<StoredImage>>, ImageError> {
        self.import_as(archive, ImportOptions::default())
    }

    /// Imports an archive with options.
    pub(crate) fn import_as(
        &self,
        archive: &[u8],
        options: ImportOptions,
    ) -> Result<Vec<Arc<StoredImage>>, ImageError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(self.store.import(archive, options, no_progress()))
    }

    /// Imports an image of one plain layer.
    pub(crate) fn import_layer(&self, items: &[Item]) -> Result<Arc<StoredImage>, ImageError> {
        let images = self.import(&docker_archive("test:1", &[tar(items)]))?;
        Ok(images.into_iter().next().unwrap())
    }

    /// Asserts that the bystander is as it was.
    pub(crate) fn assert_outside_untouched(&self) {
        let outside = self.scratch.path().join("outside");
        let names: Vec<_> = std::fs::read_dir(&outside)
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"secret");
        let beside: Vec<_> = std::fs::read_dir(self.scratch.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(beside.len(), 2, "{beside:?}");
    }

    /// Asserts that the store holds nothing at all.
    pub(crate) fn assert_empty(&self) {
        assert!(self.store.list().unwrap().is_empty());
        assert_eq!(objects(self.store.directory()), Vec::<String>::new());
    }
}

/// All blobs, layers and work in progress of a store, when its clean-up has had time to end.
pub(crate) fn objects(store: &Path) -> Vec<String> {
    let start = std::time::Instant::now();
    let at_work = || {
        std::fs::read_dir(store.join("tmp"))
            .unwrap()
            .next()
            .is_some()
    };
    while at_work() && start.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut objects = Vec::new();
    for kind in [
        "blobs/sha256",
        "blobs/sha512",
        "layers/sha256",
        "layers/sha512",
        "tmp",
    ] {
        let Ok(entries) = std::fs::read_dir(store.join(kind)) else {
            continue;
        };
        for entry in entries {
            objects.push(format!("{kind}/{}", entry.unwrap().file_name().display()));
        }
    }
    objects.sort();
    objects
}
