//! Building an image from layer tars or directories.

use std::io::Write;
use std::path::{Path, PathBuf};

use ctnr_model::{Architecture, Digest, ImageConfig, ImageReference};
use jiff::Timestamp;

use super::layer::{self, PackedLayer};
use super::layout::{LayoutWriter, blob_path};
use crate::compression::Compression;
use crate::document::{
    self, CONFIG_TYPE, ConfigFile, Descriptor, DockerManifest, History, Index, MANIFEST_TYPE,
    Manifest, OCI_LAYOUT, RootFs, annotation,
};
use crate::hash::Hasher;
use crate::{ImageError, document::RunConfig};

/// What an archive is built from.
#[derive(Debug, Clone)]
pub struct ImageSpec {
    /// The image's name and tag.
    pub reference: ImageReference,
    /// How its program runs.
    pub config: ImageConfig,
    /// Which processor its programs are for.
    pub architecture: Architecture,
    /// When it was made. Also the time of every file of a layer that is a directory, so that the
    /// same input gives the same bytes.
    pub created: Timestamp,
    /// What made it, as `docker history` shows it.
    pub created_by: String,
    /// The layers, lowest first: each a tar (plain, gzip or zstd; its entries are taken as they
    /// are) or a directory (owners become root; sockets and pipes are refused; extended attributes
    /// and hard links are not kept).
    pub layers: Vec<PathBuf>,
    /// How layers are packed. `docker load` before Docker 23 wants gzip or none.
    pub compression: Compression,
}

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveSummary {
    /// The manifest's digest.
    pub manifest: Digest,
    /// The configuration's digest, which Docker calls the image's id.
    pub id: Digest,
    /// The bytes of all packed layers.
    pub size: u64,
}

/// Writes an archive of one image to `out`: an OCI image layout in a tar, which `docker load`
/// takes too. The same input gives the same bytes. Layers are packed into unnamed files below
/// `scratch`, since their digests come before them in the archive.
///
/// # Errors
/// [`ImageError::Io`] where a layer can't be read or the output not be written;
/// [`ImageError::Unsupported`] for a layer packed otherwise, or a socket in a directory.
pub fn write_archive(
    spec: &ImageSpec,
    scratch: &Path,
    out: impl Write,
) -> Result<ArchiveSummary, ImageError> {
    let mtime = u64::try_from(spec.created.as_second()).unwrap_or(0);
    let layers = spec
        .layers
        .iter()
        .map(|source| layer::pack(source, spec.compression, mtime, scratch))
        .collect::<Result<Vec<_>, _>>()?;
    let config = document::to_bytes(&config_file(spec, &layers))?;
    let id = Hasher::sha256(&config);
    let manifest = document::to_bytes(&Manifest::new(
        Descriptor::new(CONFIG_TYPE, id.clone(), config.len() as u64),
        layers
            .iter()
            .map(|layer| layer.descriptor.clone())
            .collect(),
    ))?;
    let manifest_digest = Hasher::sha256(&manifest);
    let index = index(spec, manifest_digest.clone(), manifest.len() as u64);
    let docker = DockerManifest {
        config: blob_path(&id),
        repo_tags: Some(vec![spec.reference.familiar()]),
        layers: layers
            .iter()
            .map(|layer| blob_path(&layer.descriptor.digest))
            .collect(),
    };
    let size = layers.iter().map(|layer| layer.descriptor.size).sum();

    let write = || -> Result<(), ImageError> {
        let fail = |error| ImageError::io("write", Path::new("the image archive"), error);
        let mut archive = LayoutWriter::new(out).map_err(fail)?;
        archive.file("oci-layout", OCI_LAYOUT).map_err(fail)?;
        archive
            .file("index.json", &document::to_bytes(&index)?)
            .map_err(fail)?;
        archive
            .file("manifest.json", &document::to_bytes(&[docker])?)
            .map_err(fail)?;
        archive.file(&blob_path(&id), &config).map_err(fail)?;
        archive
            .file(&blob_path(&manifest_digest), &manifest)
            .map_err(fail)?;
        let mut written = std::collections::BTreeSet::new();
        for layer in layers {
            let descriptor = layer.descriptor;
            if written.insert(descriptor.digest.clone()) {
                let path = blob_path(&descriptor.digest);
                archive
                    .stream(&path, descriptor.size, layer.file)
                    .map_err(fail)?;
            }
        }
        archive
            .finish()
            .and_then(|mut out| out.flush())
            .map_err(fail)
    };
    write()?;
    Ok(ArchiveSummary {
        manifest: manifest_digest,
        id,
        size,
    })
}

fn config_file(spec: &ImageSpec, layers: &[PackedLayer]) -> ConfigFile {
    let created = Some(spec.created.to_string());
    ConfigFile {
        created: created.clone(),
        architecture: spec.architecture.as_str().to_owned(),
        os: "linux".to_owned(),
        config: Some(RunConfig::from(&spec.config)),
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        },
        history: Some(
            layers
                .iter()
                .map(|_| History {
                    created: created.clone(),
                    created_by: Some(spec.created_by.clone()),
                    ..History::default()
                })
                .collect(),
        ),
    }
}

fn index(spec: &ImageSpec, digest: Digest, size: u64) -> Index {
    let mut descriptor = Descriptor::new(MANIFEST_TYPE, digest, size);
    descriptor.platform = Some(document::PlatformFields {
        architecture: spec.architecture.as_str().to_owned(),
        os: "linux".to_owned(),
        variant: None,
    });
    let name = spec.reference.to_string();
    let tag = spec.reference.tag().unwrap_or("latest").to_owned();
    descriptor
        .annotations
        .insert(annotation::IMAGE_NAME.to_owned(), name);
    descriptor
        .annotations
        .insert(annotation::REF_NAME.to_owned(), tag);
    Index::new(vec![descriptor])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(layer: &Path, compression: Compression) -> ImageSpec {
        ImageSpec {
            reference: ImageReference::parse("demo:1").unwrap(),
            config: ImageConfig {
                cmd: vec!["/bin/sh".into()],
                ..ImageConfig::default()
            },
            architecture: Architecture::HOST,
            created: Timestamp::UNIX_EPOCH,
            created_by: "a test".to_owned(),
            layers: vec![layer.to_owned(), layer.to_owned()],
            compression,
        }
    }

    #[test]
    fn the_same_directory_gives_the_same_bytes() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("root");
        std::fs::create_dir_all(root.join("b/c")).unwrap();
        std::fs::write(root.join("b/c/file"), "text").unwrap();
        std::fs::write(root.join("a"), "x".repeat(10_000)).unwrap();
        std::os::unix::fs::symlink("b/c/file", root.join("link")).unwrap();
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let build = || {
                let mut bytes = Vec::new();
                let spec = spec(&root, compression);
                let summary = write_archive(&spec, scratch.path(), &mut bytes).unwrap();
                (summary, bytes)
            };
            let (first, second) = (build(), build());
            assert_eq!(first, second);
            let names: Vec<String> = tar::Archive::new(first.1.as_slice())
                .entries()
                .unwrap()
                .map(|entry| entry.unwrap().path().unwrap().display().to_string())
                .collect();
            assert_eq!(
                names
                    .iter()
                    .filter(|name| name.starts_with("blobs/sha256/"))
                    .count(),
                4
            );
            assert!(names.contains(&blob_path(&first.0.manifest)), "{names:?}");
            assert!(names.contains(&"manifest.json".to_owned()));
        }
    }

    #[test]
    fn a_packed_tar_is_unpacked_first() {
        let scratch = tempfile::tempdir().unwrap();
        let mut plain = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        plain.append_data(&mut header, "file", &b"hi"[..]).unwrap();
        let plain = plain.into_inner().unwrap();
        let path = scratch.path().join("layer.tar");
        let mut summaries = Vec::new();
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let mut encoder = crate::compression::Encoder::new(Vec::new(), compression).unwrap();
            encoder.write_all(&plain).unwrap();
            std::fs::write(&path, encoder.finish().unwrap()).unwrap();
            let spec = spec(&path, Compression::Gzip);
            summaries.push(write_archive(&spec, scratch.path(), std::io::sink()).unwrap());
        }
        assert_eq!(summaries[0], summaries[1]);
        assert_eq!(summaries[0], summaries[2]);
    }
}
