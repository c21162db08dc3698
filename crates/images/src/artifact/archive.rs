//! Artifacts out of files, which are read where they lie.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, SeekFrom};
use std::path::{Path, PathBuf};

use ctnr_model::Digest;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::documents::{CONFIG_MAX, MANIFEST_MAX, check_size};
use super::verified::Verified;
use super::{Artifact, ArtifactLayer, LayerBytes};
use crate::ImageError;
use crate::archive::layout::blob_path;
use crate::document::{Descriptor, Index};
use crate::import::staged::clean;
use crate::ingest;
use crate::tarball::{Kind, TarReader};

/// What messages call it.
const WHAT: &str = "the artifact";
/// The most files in one.
const FILES_MAX: usize = 1_000;
/// The longest name of a file in one, in bytes. Those of blobs have 77; all are kept in memory.
const NAME_MAX: usize = 256;
/// The largest index, in bytes.
const INDEX_MAX: u64 = 1024 * 1024;

/// An artifact in a file: an OCI image layout in a tar.
#[derive(Debug)]
pub struct ArchivedArtifact {
    path: PathBuf,
    /// Where the content of each file begins, and how long it is.
    places: BTreeMap<String, (u64, u64)>,
    artifact: Artifact,
}

/// The content of the file `oci-layout`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    image_layout_version: String,
}

impl ArchivedArtifact {
    /// Reads what is in a file: the documents are checked, and the layers are looked for.
    ///
    /// # Errors
    /// [`ImageError::Corrupt`], [`ImageError::DigestMismatch`], [`ImageError::TooLarge`] and
    /// [`ImageError::Unsupported`] for what is no whole and sound artifact of this version.
    pub async fn open(path: &Path) -> Result<Self, ImageError> {
        let path = path.to_owned();
        let open = move || {
            let places = places(&path)?;
            let artifact = documents(&path, &places)?;
            Ok(Self {
                path,
                places,
                artifact,
            })
        };
        tokio::task::spawn_blocking(open)
            .await
            .unwrap_or(Err(ImageError::Cancelled {
                what: "reading the artifact",
            }))
    }

    /// Its documents.
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// The packed bytes of one of its layers. They end with an error where they are not those that
    /// the manifest states.
    ///
    /// # Errors
    /// [`ImageError::Io`] where the file can't be read.
    pub async fn layer(&self, layer: &ArtifactLayer) -> Result<LayerBytes, ImageError> {
        let (start, size) = place(&self.places, &layer.digest)?;
        let failed = |error| ImageError::io("read", &self.path, error);
        let mut file = tokio::fs::File::open(&self.path).await.map_err(failed)?;
        file.seek(SeekFrom::Start(start)).await.map_err(failed)?;
        let bytes = Verified::new(file.take(size), layer.digest.clone(), layer.size);
        Ok(Box::new(bytes))
    }
}

/// Where the files of the archive lie in it.
fn places(path: &Path) -> Result<BTreeMap<String, (u64, u64)>, ImageError> {
    let file = File::open(path).map_err(|error| ImageError::io("open", path, error))?;
    let read = |error| ImageError::reading(WHAT, error);
    let mut tar = TarReader::new(Positioned {
        inner: BufReader::with_capacity(256 * 1024, file),
        at: 0,
    });
    let mut places = BTreeMap::new();
    let mut count = 0;
    while let Some(entry) = tar.next().map_err(read)? {
        count += 1;
        if count > FILES_MAX {
            let reason = format!("it has more than {FILES_MAX} files");
            return Err(ImageError::corrupt(WHAT, reason));
        }
        if entry.path.len() > NAME_MAX {
            let length = entry.path.len();
            let reason = format!("it has a name of {length} bytes, and the most are {NAME_MAX}");
            return Err(ImageError::corrupt(WHAT, reason));
        }
        let name = clean(&entry.path, "")?;
        match entry.kind {
            Kind::Directory => continue,
            Kind::File if entry.extents.is_none() => {}
            _ => {
                let reason = format!("its entry {name:?} is no plain file");
                return Err(ImageError::corrupt(WHAT, reason));
            }
        }
        let place = (tar.get_ref().at, entry.size);
        if places.insert(name.clone(), place).is_some() {
            return Err(ImageError::corrupt(WHAT, format!("it has {name:?} twice")));
        }
    }
    Ok(places)
}

fn documents(path: &Path, places: &BTreeMap<String, (u64, u64)>) -> Result<Artifact, ImageError> {
    let document = |what: &str, name: &str, most: u64| -> Result<Vec<u8>, ImageError> {
        let missing = || ImageError::corrupt(WHAT, format!("{what} ({name}) is missing"));
        let (start, size) = places.get(name).copied().ok_or_else(missing)?;
        check_size(what, size, most)?;
        slice(path, start, size).map_err(|error| ImageError::io("read", path, error))
    };
    let blob = |what: &str, blob: &Descriptor, most: u64| {
        let bytes = document(what, &blob_path(&blob.digest), most)?;
        ingest::check_bytes(what, &bytes, blob)?;
        Ok::<_, ImageError>(bytes)
    };
    let wrong = |what: &str, error: serde_json::Error| ImageError::corrupt(what, error.to_string());
    let layout = document("its layout", "oci-layout", INDEX_MAX)?;
    let layout: Layout =
        serde_json::from_slice(&layout).map_err(|error| wrong("oci-layout", error))?;
    if layout.image_layout_version != "1.0.0" {
        return Err(ImageError::Unsupported {
            what: format!("a layout of version {:?}", layout.image_layout_version),
            advice: "export the container again".to_owned(),
        });
    }
    let index = document("its index", "index.json", INDEX_MAX)?;
    let index: Index =
        serde_json::from_slice(&index).map_err(|error| wrong("index.json", error))?;
    let [descriptor] = index.manifests.as_slice() else {
        let reason = format!(
            "its index names {} manifests, and a container has one",
            index.manifests.len()
        );
        return Err(ImageError::corrupt(WHAT, reason));
    };
    let manifest = blob("the manifest", descriptor, MANIFEST_MAX)?;
    let config = Artifact::config_of(&manifest)?;
    let config = blob("the configuration", &config, CONFIG_MAX)?;
    let artifact = Artifact::read(manifest, config)?;
    for layer in artifact.layers() {
        let (_, size) = place(places, &layer.digest)?;
        if size != layer.size {
            let reason = format!("it has {size} bytes and not {} as stated", layer.size);
            return Err(ImageError::corrupt(
                format!("layer {}", layer.digest),
                reason,
            ));
        }
    }
    Ok(artifact)
}

fn place(places: &BTreeMap<String, (u64, u64)>, digest: &Digest) -> Result<(u64, u64), ImageError> {
    let name = blob_path(digest);
    let found = places.get(&name).copied();
    found.ok_or_else(|| ImageError::corrupt(WHAT, format!("{name} is missing")))
}

/// Bytes of a file, which are few enough for memory.
fn slice(path: &Path, start: u64, size: u64) -> io::Result<Vec<u8>> {
    use std::io::Seek;
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A reader that knows how far it is.
struct Positioned<R> {
    inner: R,
    at: u64,
}

impl<R: Read> Read for Positioned<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}
