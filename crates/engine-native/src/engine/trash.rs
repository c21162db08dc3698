//! Removing sandboxes' directories, whose contents are hostile and may be large.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ctnr_model::SandboxId;
use tokio::sync::Notify;

use super::adopt::remove_groups;
use crate::cgroup;
use crate::remove::remove_tree;

/// A directory on the same file system, to which what is to be removed is renamed: it is gone at
/// once for everyone, and removed for good in the background, or by the next engine.
pub(super) struct Trash {
    directory: PathBuf,
    counter: AtomicU64,
    /// Roots of sandboxes that were deleted while they ran. One is let go when its directory was
    /// emptied: before it takes it down, the kernel writes back what has not been removed by then.
    roots: Arc<Mutex<Vec<OwnedFd>>>,
    thrown: Arc<Notify>,
}

impl Trash {
    /// Opens the trash, and begins to empty it. Must be called within a tokio runtime.
    pub(super) fn open(directory: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let thrown = Arc::new(Notify::new());
        thrown.notify_one();
        let roots = Arc::default();
        tokio::spawn(empty(
            directory.clone(),
            Arc::clone(&roots),
            Arc::clone(&thrown),
        ));
        Ok(Self {
            directory,
            counter: AtomicU64::default(),
            roots,
            thrown,
        })
    }

    /// Throws a directory away; one that is gone is no error.
    pub(super) fn throw(&self, path: &Path) -> io::Result<()> {
        self.throw_mounted(path, [])
    }

    /// Throws the directory of a sandbox away that ran until now, and with it its root.
    pub(super) fn throw_mounted(
        &self,
        path: &Path,
        roots: impl IntoIterator<Item = OwnedFd>,
    ) -> io::Result<()> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let thrown = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{thrown}-{}-{number}", std::process::id());
        match std::fs::rename(path, self.directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => {
                self.roots
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(roots);
                self.thrown.notify_one();
                Ok(())
            }
        }
    }
}

/// Removes what is thrown away, for as long as the engine lives.
async fn empty(directory: PathBuf, roots: Arc<Mutex<Vec<OwnedFd>>>, thrown: Arc<Notify>) {
    remove_groups(left_groups(&directory)).await;
    loop {
        thrown.notified().await;
        // Their directories are in the trash already.
        let roots = std::mem::take(&mut *roots.lock().unwrap_or_else(PoisonError::into_inner));
        let directory = directory.clone();
        let emptied = tokio::task::spawn_blocking(move || -> io::Result<()> {
            for entry in std::fs::read_dir(&directory)? {
                remove_tree(&entry?.path())?;
            }
            drop(roots);
            Ok(())
        })
        .await;
        match emptied {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a deleted sandbox's files are left"),
            Err(error) => tracing::warn!(%error, "a deleted sandbox's files are left"),
        }
    }
}

/// The control groups of the sandboxes whose directories an earlier engine has left in the trash: where
/// it died right after that, nobody else knows of them.
fn left_groups(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| SandboxId::parse(name.split('-').next()?).ok())
        .flat_map(|sandbox| cgroup::list(&sandbox))
        .collect()
}

#[cfg(test)]
mod tests {
    use rustix::pipe::{PipeFlags, pipe_with};
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_root_is_let_go_after_its_directory() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("trash");
        let trash = Trash::open(directory.clone()).unwrap();
        let thrown = parent.path().join("thrown");
        std::fs::create_dir_all(thrown.join("upper")).unwrap();
        let (reader, root) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        trash.throw_mounted(&thrown, [root]).unwrap();
        assert!(!thrown.exists());
        let mut reader = crate::stream::reader(reader).unwrap();
        assert_eq!(reader.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(std::fs::read_dir(directory).unwrap().count(), 0);
    }
}
