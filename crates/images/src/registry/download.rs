//! Layers on their way from a registry to the disk.

use std::io::Write;
use std::path::PathBuf;

use bytes::Bytes;
use ctnr_model::Digest;
use tokio::sync::mpsc;

use super::client::Repository;
use super::error::within;
use crate::ImageError;
use crate::document::Descriptor;
use crate::hash::Hashing;
use crate::ingest::{self, Ingest, NewLayer};
use crate::progress::{LayerPhase, Meter};
use crate::store::files;

/// How many pieces may wait for the disk.
const QUEUE: usize = 16;

/// Brings one layer into the session, packed and unpacked.
pub(super) async fn layer(
    repository: &Repository,
    ingest: &Ingest,
    layer: NewLayer,
) -> Result<(), ImageError> {
    let (work, new) = (ingest.clone(), layer.clone());
    if blocking(move || work.has(&new)).await? {
        return Ok(());
    }
    let (work, digest) = (ingest.clone(), layer.blob.digest.clone());
    let packed = match blocking(move || work.session.pin_blob(&digest)).await? {
        Some(path) => path,
        None => download(repository, ingest, &layer).await?,
    };
    let work = ingest.clone();
    blocking(move || work.unpack(&layer, &packed)).await
}

/// Runs work that blocks beside the asynchronous one.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImageError> + Send + 'static,
) -> Result<T, ImageError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(ImageError::Cancelled {
            what: "pulling the image",
        }))
}

/// Fetches a layer into the session. Not one byte more is read than was promised.
async fn download(
    repository: &Repository,
    ingest: &Ingest,
    layer: &NewLayer,
) -> Result<PathBuf, ImageError> {
    let label = layer.label();
    let doing = format!("fetching {label}");
    ingest.tell(layer, LayerPhase::Downloading, 0);
    let mut response = repository.blob(&layer.blob.digest.to_string()).await?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (work, blob) = (ingest.clone(), layer.blob.clone());
    let writer = tokio::task::spawn_blocking(move || write(&work, &blob, receiver));
    let mut meter = Meter::new(|done| ingest.tell(layer, LayerPhase::Downloading, done));
    let mut left = layer.blob.size;
    loop {
        let next = within(
            repository.patience,
            &repository.endpoint,
            &doing,
            response.chunk(),
        );
        let Some(chunk) = next.await? else { break };
        let size = chunk.len() as u64;
        left = left.checked_sub(size).ok_or_else(|| {
            let reason = format!("it is longer than the {} bytes stated", layer.blob.size);
            ImageError::corrupt(&label, reason)
        })?;
        meter.add(size);
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    drop(sender);
    let written = writer.await.unwrap_or(Err(ImageError::Cancelled {
        what: "pulling the image",
    }));
    let (path, actual, size) = written?;
    ingest::check_size(&label, size, &layer.blob)?;
    if actual != layer.blob.digest {
        let expected = layer.blob.digest.clone();
        return Err(ImageError::DigestMismatch {
            what: label,
            expected,
            actual,
        });
    }
    let staged = ingest.session.staged_blob(&layer.blob.digest);
    tokio::fs::rename(&path, &staged)
        .await
        .map_err(|error| ImageError::io("move", &path, error))?;
    Ok(staged)
}

/// Writes and hashes what comes.
fn write(
    ingest: &Ingest,
    blob: &Descriptor,
    mut pieces: mpsc::Receiver<Bytes>,
) -> Result<(PathBuf, Digest, u64), ImageError> {
    let algorithm = blob.digest.algorithm();
    let path = ingest
        .session
        .scratch(&format!("download-{}", blob.digest.hex()));
    let mut file = Hashing::new(files::create_file(&path)?, algorithm);
    while let Some(piece) = pieces.blocking_recv() {
        ingest.budget.take(piece.len() as u64)?;
        file.write_all(&piece)
            .map_err(|error| ImageError::io("write", &path, error))?;
    }
    let (_, digest, size) = file.finish();
    Ok((path, digest, size))
}
