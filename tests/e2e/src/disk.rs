//! A disk of a test's own.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::sh;

/// A small disk that can be filled without harm, gone with the value.
#[derive(Debug)]
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// A disk with room for this much.
    ///
    /// # Panics
    /// Where it can't be mounted.
    #[must_use]
    pub fn of_megabytes(megabytes: u32) -> Self {
        let disk = Self(tempfile::tempdir().expect("a directory for a disk"));
        let path = disk.path().display();
        sh(&format!(
            "mount -t tmpfs -o size={megabytes}m,mode=755 e2e-disk {path}"
        ))
        .ok();
        disk
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A directory on it for a backend's data, which the backend makes.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        sh(&format!("umount -l {}", self.path().display()));
    }
}
