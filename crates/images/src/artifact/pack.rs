//! Packing the layers of an artifact.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use ctnr_model::DigestAlgorithm;
use tokio::io::AsyncRead;

use super::{ArtifactLayer, LayerKind};
use crate::ImageError;
use crate::compression::{Compression, Encoder};
use crate::hash::Hashing;
use crate::import::CancelOnDrop;
use crate::import::feed::{self, Feed};
use crate::limits::{Budget, Limits};

/// A layer that is packed into a file without a name, which goes away with it.
#[derive(Debug)]
pub struct PackedLayer {
    /// What the manifest says of it.
    pub layer: ArtifactLayer,
    pub(crate) file: File,
}

impl PackedLayer {
    /// Packs a plain tar as it comes. The same bytes in give the same bytes out: zstd runs at a
    /// fixed level on one thread. The file lies in the folder `scratch`. Dropping the future ends
    /// it.
    ///
    /// # Errors
    /// The reader's; [`ImageError::NoSpace`], and [`ImageError::Io`] where it can't be written.
    pub async fn pack(
        tar: impl AsyncRead + Unpin,
        kind: LayerKind,
        scratch: &Path,
    ) -> Result<Self, ImageError> {
        let budget = Arc::new(Budget::new(Limits::default(), scratch.to_owned())?);
        let cancel = CancelOnDrop(Arc::clone(&budget));
        let (feeder, feed) = feed::feed();
        let folder = scratch.to_owned();
        let work = tokio::task::spawn_blocking(move || pack(feed, kind, &folder, &budget));
        feeder.pump(tar).await;
        let packed = work.await.unwrap_or(Err(ImageError::Cancelled {
            what: "packing a layer",
        }));
        drop(cancel);
        packed
    }
}

fn pack(
    mut tar: Feed,
    kind: LayerKind,
    scratch: &Path,
    budget: &Budget,
) -> Result<PackedLayer, ImageError> {
    let failed = |error| ImageError::io("pack a layer in", scratch, error);
    let file = tempfile::tempfile_in(scratch).map_err(failed)?;
    let file = Counted {
        inner: BufWriter::with_capacity(256 * 1024, file),
        budget,
    };
    let packed = Hashing::new(file, DigestAlgorithm::Sha256);
    let mut encoder = Encoder::new(packed, Compression::Zstd).map_err(failed)?;
    let mut unpacked = 0;
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let count = tar.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        unpacked += count as u64;
        encoder.write_all(&buffer[..count]).map_err(failed)?;
    }
    let (file, digest, size) = encoder.finish().map_err(failed)?.finish();
    let written = file.inner.into_inner();
    let mut file = written.map_err(|error| failed(error.into_error()))?;
    file.rewind().map_err(failed)?;
    Ok(PackedLayer {
        layer: ArtifactLayer {
            digest,
            size,
            unpacked: Some(unpacked),
            kind,
        },
        file,
    })
}

/// A writer that ends where the disk would be filled.
struct Counted<'a> {
    inner: BufWriter<File>,
    budget: &'a Budget,
}

impl Write for Counted<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.budget.take(buffer.len() as u64)?;
        self.inner.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
