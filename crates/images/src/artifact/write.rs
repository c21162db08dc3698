//! An artifact as a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

use tokio::io::AsyncWrite;

use super::documents::ARTIFACT_TYPE;
use super::{Artifact, PackedLayer};
use crate::ImageError;
use crate::archive::drain::{Source, drain};
use crate::archive::layout::{LayoutWriter, blob_path};
use crate::document::{self, INDEX_TYPE, MANIFEST_TYPE, OCI_LAYOUT};

/// What messages call it.
const ARCHIVE: &str = "the artifact";

/// Writes an artifact with its packed layers: an OCI image layout in a tar. The same artifact gives
/// the same bytes.
///
/// # Errors
/// [`ImageError::Io`] where it can't be written.
pub async fn write_artifact(
    artifact: Artifact,
    layers: Vec<PackedLayer>,
    out: impl AsyncWrite + Unpin,
) -> Result<(), ImageError> {
    let (source, sink) = drain();
    let work = tokio::task::spawn_blocking(move || write(&artifact, layers, source));
    let written = sink.pump(out).await;
    let result = work
        .await
        .unwrap_or(Err(ImageError::Cancelled { what: "the export" }));
    written.map_err(|error| ImageError::io("write", Path::new(ARCHIVE), error))?;
    result
}

/// A blob of the layout.
enum Blob<'a> {
    Document(&'a [u8]),
    Layer(File, u64),
}

fn write(artifact: &Artifact, layers: Vec<PackedLayer>, out: Source) -> Result<(), ImageError> {
    let failed = |error| ImageError::io("write", Path::new(ARCHIVE), error);
    let mut blobs = BTreeMap::from([
        (
            blob_path(artifact.digest()),
            Blob::Document(&artifact.manifest),
        ),
        (
            blob_path(&artifact.config_digest),
            Blob::Document(&artifact.config),
        ),
    ]);
    for packed in layers {
        let layer = packed.layer;
        blobs.insert(
            blob_path(&layer.digest),
            Blob::Layer(packed.file, layer.size),
        );
    }
    let index = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": INDEX_TYPE,
        "manifests": [{
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "digest": artifact.digest(),
            "size": artifact.manifest.len(),
        }],
    });
    let mut archive = LayoutWriter::new(out).map_err(failed)?;
    archive.file("oci-layout", OCI_LAYOUT).map_err(failed)?;
    let index = document::to_bytes(&index)?;
    archive.file("index.json", &index).map_err(failed)?;
    for (path, blob) in blobs {
        match blob {
            Blob::Document(bytes) => archive.file(&path, bytes),
            Blob::Layer(mut file, size) => {
                file.rewind().map_err(failed)?;
                archive.stream(&path, size, file)
            }
        }
        .map_err(failed)?;
    }
    let finished = archive.finish();
    finished.and_then(|mut out| out.flush()).map_err(failed)
}
