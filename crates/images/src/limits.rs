//! How much an image may take.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ctnr_model::ByteSize;

use crate::ImageError;

/// Limits of a store. They are generous for images that people make, and end what is made to fill
/// a disk or the memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// All bytes that an import or a pull may write: archives and layers as they come, and the
    /// files of layers, of which each counts for at least 4 KiB. 64 GiB.
    pub total: ByteSize,
    /// What must stay free on the disk. 256 MiB.
    pub reserve: ByteSize,
    /// Layers of an image. 128.
    pub layers: usize,
    /// A manifest, index or configuration. 4 MiB.
    pub document: ByteSize,
    /// Files of an image together. 4,000,000.
    pub files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: ByteSize::from_mib(64 * 1024),
            reserve: ByteSize::from_mib(256),
            layers: 128,
            document: ByteSize::from_mib(4),
            files: 4_000_000,
        }
    }
}

/// What a file costs at least: a block and an inode.
const FILE_COST: u64 = 4096;
/// The free space is looked at once in so many bytes.
const DISK_CHECK: u64 = 32 * 1024 * 1024;

/// What is left of the limits for one import or pull, and whether it is still wanted.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    bytes: AtomicU64,
    passed: AtomicU64,
    files: AtomicU64,
    cancelled: AtomicBool,
    disk: File,
    path: PathBuf,
}

impl Budget {
    /// A whole budget for work below `path`.
    pub(crate) fn new(limits: Limits, path: PathBuf) -> Result<Self, ImageError> {
        let disk = File::open(&path).map_err(|error| ImageError::io("open", &path, error))?;
        let budget = Self {
            limits,
            bytes: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            files: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            disk,
            path,
        };
        budget.check_disk()?;
        Ok(budget)
    }

    /// The limits it began with.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Says that the work is not wanted any more; it ends at the next bytes.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Ends work that is not wanted any more.
    ///
    /// # Errors
    /// [`ImageError::Cancelled`].
    pub(crate) fn check_wanted(&self) -> Result<(), ImageError> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(ImageError::Cancelled {
                what: "getting the image",
            });
        }
        Ok(())
    }

    /// Takes bytes that are about to be written.
    ///
    /// # Errors
    /// [`ImageError::TooLarge`], [`ImageError::NoSpace`] and [`ImageError::Cancelled`].
    pub(crate) fn take(&self, bytes: u64) -> Result<(), ImageError> {
        self.check_wanted()?;
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let after = before.saturating_add(bytes);
        self.check_total(after)?;
        if before / DISK_CHECK != after / DISK_CHECK {
            self.check_disk()?;
        }
        Ok(())
    }

    /// Lets bytes pass that come out of a decoder and may be padding or holes: as many as may be
    /// written, so that a small layer can't keep a processor busy for ever.
    ///
    /// # Errors
    /// As for [`Budget::take`].
    pub(crate) fn pass(&self, bytes: u64) -> Result<(), ImageError> {
        self.check_wanted()?;
        let before = self.passed.fetch_add(bytes, Ordering::Relaxed);
        self.check_total(before.saturating_add(bytes))
    }

    fn check_total(&self, bytes: u64) -> Result<(), ImageError> {
        if bytes <= self.limits.total.bytes() {
            return Ok(());
        }
        Err(ImageError::TooLarge {
            what: "the unpacked image".to_owned(),
            limit: self.limits.total.to_string(),
            advice: "if you trust it, raise the limit for image sizes",
        })
    }

    /// Takes a file with `bytes` of data that is about to be made.
    ///
    /// # Errors
    /// As for [`Budget::take`].
    pub(crate) fn take_file(&self, bytes: u64) -> Result<(), ImageError> {
        if self.files.fetch_add(1, Ordering::Relaxed) >= self.limits.files {
            return Err(ImageError::TooLarge {
                what: "the number of files of the image".to_owned(),
                limit: format!("{} files", self.limits.files),
                advice: "if you trust it, raise the limit for image sizes",
            });
        }
        self.take(bytes.max(FILE_COST))
    }

    fn check_disk(&self) -> Result<(), ImageError> {
        let stat = rustix::fs::fstatvfs(&self.disk)
            .map_err(|error| ImageError::io("ask for the free space of", &self.path, error))?;
        let available = stat.f_bavail.saturating_mul(stat.f_frsize);
        if available < self.limits.reserve.bytes() {
            return Err(ImageError::NoSpace {
                path: self.path.clone(),
                available: ByteSize::from_bytes(available),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limits: Limits) -> Result<Budget, ImageError> {
        Budget::new(limits, std::env::temp_dir())
    }

    #[test]
    fn bytes_and_files_run_out() {
        let limits = Limits {
            total: ByteSize::from_bytes(10_000),
            ..Limits::default()
        };
        let budget = budget(limits).unwrap();
        budget.take(1000).unwrap();
        budget.take_file(1).unwrap();
        budget.take_file(0).unwrap();
        assert!(matches!(
            budget.take_file(1),
            Err(ImageError::TooLarge { .. })
        ));
        assert!(matches!(
            budget.take(u64::MAX),
            Err(ImageError::TooLarge { .. })
        ));
        let few = Budget::new(
            Limits {
                files: 1,
                ..Limits::default()
            },
            std::env::temp_dir(),
        );
        let few = few.unwrap();
        few.take_file(0).unwrap();
        assert!(matches!(few.take_file(0), Err(ImageError::TooLarge { .. })));
    }

    #[test]
    fn a_full_disk_and_a_cancelled_work_end_it() {
        let limits = Limits {
            reserve: ByteSize::from_mib(1 << 40),
            ..Limits::default()
        };
        assert!(matches!(budget(limits), Err(ImageError::NoSpace { .. })));
        let budget = budget(Limits::default()).unwrap();
        budget.cancel();
        assert!(matches!(budget.take(1), Err(ImageError::Cancelled { .. })));
    }
}
