//! How far an import or a pull is.

use std::sync::Arc;

use ctnr_model::Digest;

/// What happened. Bytes are told about once a MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// An archive is being read.
    Reading {
        /// Bytes so far, as they came.
        bytes: u64,
    },
    /// A layer went on.
    Layer {
        /// The digest of the packed layer.
        digest: Digest,
        /// What is being done with it.
        phase: LayerPhase,
        /// Packed bytes that this phase has dealt with.
        done: u64,
        /// Packed bytes in all.
        total: u64,
    },
    /// The image is in the store.
    Stored {
        /// Its manifest.
        manifest: Digest,
    },
}

/// What is being done with a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LayerPhase {
    /// It comes from a registry.
    Downloading,
    /// It is being unpacked.
    Unpacking,
    /// It is unpacked and checked.
    Done,
    /// The store had it.
    Present,
}

/// Who is told. It must not block.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

/// A sink that nobody reads.
pub fn no_progress() -> ProgressSink {
    Arc::new(|_| {})
}

/// How many bytes pass between two notices.
const STEP: u64 = 1024 * 1024;

/// Counts bytes and tells once in a while.
pub(crate) struct Meter<F> {
    bytes: u64,
    told: u64,
    tell: F,
}

impl<F: FnMut(u64)> Meter<F> {
    /// Tells `tell` the sum of bytes.
    pub(crate) fn new(tell: F) -> Self {
        Self {
            bytes: 0,
            told: 0,
            tell,
        }
    }

    /// Counts bytes.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        if self.bytes - self.told >= STEP {
            self.told = self.bytes;
            (self.tell)(self.bytes);
        }
    }
}

/// A reader that is counted.
pub(crate) struct Metered<R, F> {
    inner: R,
    meter: Meter<F>,
}

impl<R, F: FnMut(u64)> Metered<R, F> {
    /// Counts what is read of `inner`.
    pub(crate) fn new(inner: R, tell: F) -> Self {
        Self {
            inner,
            meter: Meter::new(tell),
        }
    }
}

impl<R: std::io::Read, F: FnMut(u64)> std::io::Read for Metered<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.meter.add(count as u64);
        Ok(count)
    }
}
