//! The directory below `/run` that engines write down in what they share, held by one at a time.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

/// The directory, while nobody else may look into it or change it. It goes with the last file in
/// it, and the kernel ends the hold of a process that is killed.
#[derive(Debug)]
pub(in crate::network) struct Held {
    path: PathBuf,
    _lock: File,
}

impl Held {
    /// Waits for the directory, which is made where it is missing.
    pub(super) fn take(path: &Path) -> io::Result<Self> {
        loop {
            match DirBuilder::new().mode(0o700).create(path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            if let Some(held) = Self::take_existing(path)? {
                return Ok(held);
            }
        }
    }

    /// Waits for the directory; `None` where there is none.
    pub(in crate::network) fn take_existing(path: &Path) -> io::Result<Option<Self>> {
        let flags = i32::try_from((OFlags::DIRECTORY | OFlags::NOFOLLOW).bits()).unwrap_or(0);
        let lock = match File::options().read(true).custom_flags(flags).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            lock => lock?,
        };
        while let Err(errno) = flock(&lock, FlockOperation::LockExclusive) {
            if errno != Errno::INTR {
                return Err(errno.into());
            }
        }
        // Whoever held it may have removed it at the end.
        let same = match fs::symlink_metadata(path) {
            Ok(there) => there.ino() == lock.metadata()?.ino(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if same {
            let path = path.to_owned();
            return Ok(Some(Self { path, _lock: lock }));
        }
        Self::take_existing(path)
    }

    /// A file in the directory.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // One that has files in it stays.
        let _ = fs::remove_dir(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn one_at_a_time_holds_it_and_it_goes_when_it_is_empty() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("shared");
        assert!(Held::take_existing(&path).unwrap().is_none());
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let held = Held::take(&path).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        fs::write(held.file("one"), "").unwrap();
                        fs::remove_file(held.file("one")).unwrap();
                        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                    }
                });
            }
        });
        assert!(!path.exists());
        let held = Held::take(&path).unwrap();
        fs::write(held.file("kept"), "").unwrap();
        drop(held);
        assert!(Held::take_existing(&path).unwrap().is_some());
        assert!(path.exists());
    }
}
