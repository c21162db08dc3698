//! Exporting images of the store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ctnr_model::{Digest, DigestAlgorithm, ImageReference};
use tokio::io::AsyncWrite;

use super::drain::{Source, drain};
use super::layout::{LayoutWriter, blob_path};
use crate::ImageError;
use crate::compression::{Compression, Decoder, Encoder};
use crate::document::{
    self, Descriptor, DockerManifest, Index, Manifest, OCI_LAYOUT, PlatformFields, annotation,
};
use crate::hash::{Hasher, Hashing};
use crate::store::ImageStore;
use crate::store::files;
use crate::store::image::Documents;
use crate::store::session::Session;

/// How the layers of an exported image are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportLayers {
    /// As they are, but for zstd, which becomes gzip: every container engine reads the archive. An
    /// image with zstd layers gets another manifest, and keeps its id.
    #[default]
    Portable,
    /// All as they are, and so is the manifest. Docker reads zstd from version 23 on only.
    AsStored,
}

impl ImageStore {
    /// Writes images to an archive: an OCI image layout in a tar, which `docker load` takes too.
    /// Each of `names` is as for [`ImageStore::find`]; an image that is asked for by an id comes
    /// without a name. The same images give the same bytes.
    ///
    /// # Errors
    /// As for [`ImageStore::find`]; [`ImageError::Io`] where the archive can't be written.
    pub async fn export(
        &self,
        names: &[String],
        layers: ExportLayers,
        out: impl AsyncWrite + Unpin,
    ) -> Result<(), ImageError> {
        let (source, sink) = drain();
        let (store, names) = (self.clone(), names.to_vec());
        let work = tokio::task::spawn_blocking(move || export(&store, &names, layers, source));
        let written = sink.pump(out).await;
        let result = work
            .await
            .unwrap_or(Err(ImageError::Cancelled { what: "the export" }));
        written.map_err(|error| ImageError::io("write", Path::new("the image archive"), error))?;
        result
    }
}

/// What goes into an archive.
#[derive(Default)]
struct Contents {
    index: Vec<Descriptor>,
    docker: Vec<DockerManifest>,
    /// Documents by path.
    documents: BTreeMap<String, Vec<u8>>,
    /// Layers by path, each with its file and length.
    layers: BTreeMap<String, (PathBuf, u64)>,
}

fn export(
    store: &ImageStore,
    names: &[String],
    layers: ExportLayers,
    out: Source,
) -> Result<(), ImageError> {
    let session = Session::begin(&store.inner.layout)?;
    let mut images: BTreeMap<Digest, BTreeSet<ImageReference>> = BTreeMap::new();
    for name in names {
        let (reference, manifest) = store.target(name)?;
        images.entry(manifest).or_default().extend(reference);
    }
    let mut contents = Contents::default();
    for (manifest, references) in &images {
        add_image(store, &session, manifest, references, layers, &mut contents)?;
    }
    write(contents, out)
}

fn add_image(
    store: &ImageStore,
    session: &Session,
    digest: &Digest,
    references: &BTreeSet<ImageReference>,
    encoding: ExportLayers,
    contents: &mut Contents,
) -> Result<(), ImageError> {
    let pinned = |digest: &Digest| {
        session
            .pin_blob(digest)?
            .ok_or_else(|| ImageError::NotFound {
                name: digest.to_string(),
            })
    };
    let mut manifest_bytes = read(&pinned(digest)?)?;
    let Documents {
        mut manifest,
        config,
    } = Documents::read(&store.inner.layout, digest)?;
    let config_digest = manifest.config.digest.clone();
    contents
        .documents
        .insert(blob_path(&config_digest), read(&pinned(&config_digest)?)?);
    let mut changed = false;
    for layer in &mut manifest.layers {
        let mut path = pinned(&layer.digest)?;
        if encoding == ExportLayers::Portable
            && let Some((packed, descriptor)) = repack(session, &path)?
        {
            (path, *layer) = (packed, descriptor);
            changed = true;
        }
        contents
            .layers
            .insert(blob_path(&layer.digest), (path, layer.size));
    }
    let mut manifest_digest = digest.clone();
    if changed {
        let config =
            std::mem::replace(&mut manifest.config, Descriptor::new("", digest.clone(), 0));
        let config = Descriptor::new(document::CONFIG_TYPE, config.digest, config.size);
        manifest = Manifest::new(config, manifest.layers);
        manifest_bytes = document::to_bytes(&manifest)?;
        manifest_digest = Hasher::sha256(&manifest_bytes);
    }
    let media_type = manifest
        .media_type
        .as_deref()
        .unwrap_or(document::MANIFEST_TYPE);
    let mut descriptor = Descriptor::new(
        media_type,
        manifest_digest.clone(),
        manifest_bytes.len() as u64,
    );
    descriptor.platform = Some(PlatformFields {
        architecture: config.architecture,
        os: "linux".to_owned(),
        variant: None,
    });
    contents
        .documents
        .insert(blob_path(&manifest_digest), manifest_bytes);
    contents.docker.push(DockerManifest {
        config: blob_path(&config_digest),
        repo_tags: Some(references.iter().map(ImageReference::familiar).collect()),
        layers: manifest
            .layers
            .iter()
            .map(|layer| blob_path(&layer.digest))
            .collect(),
    });
    if references.is_empty() {
        contents.index.push(descriptor);
        return Ok(());
    }
    for reference in references {
        let mut named = descriptor.clone();
        let tag = reference.tag().unwrap_or("latest").to_owned();
        named
            .annotations
            .insert(annotation::IMAGE_NAME.to_owned(), reference.to_string());
        named
            .annotations
            .insert(annotation::REF_NAME.to_owned(), tag);
        contents.index.push(named);
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    std::fs::read(path).map_err(|error| ImageError::io("read", path, error))
}

/// Packs a zstd layer with gzip; nothing for one that is packed otherwise.
fn repack(session: &Session, path: &Path) -> Result<Option<(PathBuf, Descriptor)>, ImageError> {
    let fail = |error| ImageError::io("read", path, error);
    let mut decoder = Decoder::new(File::open(path).map_err(fail)?).map_err(fail)?;
    if decoder.compression() != Compression::Zstd {
        return Ok(None);
    }
    let packed = session.work_directory()?.join("layer.tar.gz");
    let fail = |error| ImageError::io("pack", &packed, error);
    let file = io::BufWriter::new(files::create_file(&packed)?);
    let hashing = Hashing::new(file, DigestAlgorithm::Sha256);
    let mut encoder = Encoder::new(hashing, Compression::Gzip).map_err(fail)?;
    io::copy(&mut decoder, &mut encoder).map_err(fail)?;
    let (mut file, digest, size) = encoder.finish().map_err(fail)?.finish();
    file.flush().map_err(fail)?;
    let descriptor = Descriptor::new(Compression::Gzip.layer_media_type(), digest, size);
    Ok(Some((packed, descriptor)))
}

fn write(contents: Contents, out: Source) -> Result<(), ImageError> {
    let fail = |error| ImageError::io("write", Path::new("the image archive"), error);
    let mut archive = LayoutWriter::new(out).map_err(fail)?;
    archive.file("oci-layout", OCI_LAYOUT).map_err(fail)?;
    let index = document::to_bytes(&Index::new(contents.index))?;
    archive.file("index.json", &index).map_err(fail)?;
    archive
        .file("manifest.json", &document::to_bytes(&contents.docker)?)
        .map_err(fail)?;
    for (path, bytes) in &contents.documents {
        archive.file(path, bytes).map_err(fail)?;
    }
    for (path, (file, size)) in &contents.layers {
        let from = File::open(file).map_err(|error| ImageError::io("open", file, error))?;
        let actual = from.metadata().map_err(fail)?.len();
        if actual != *size {
            let reason = format!("it has {actual} bytes and not {size}");
            return Err(ImageError::corrupt(
                format!("the stored layer {}", file.display()),
                reason,
            ));
        }
        archive.stream(path, *size, from).map_err(fail)?;
    }
    archive
        .finish()
        .and_then(|mut out| out.flush())
        .map_err(fail)
}
