//! Removing sandboxes' directories, whose contents are hostile and may be large.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ctnr_model::SandboxId;
use tokio::sync::Notify;

use super::adopt::remove_groups;
use crate::cgroup;
use crate::remove::remove_tree;

/// How long to wait for control groups that are still in use.
const AGAIN: Duration = Duration::from_millis(200);

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
        let emptied = tokio::task::spawn_blocking(move || clear(&directory, roots)).await;
        match emptied {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => {
                let thrown = Arc::clone(&thrown);
                tokio::spawn(async move {
                    tokio::time::sleep(AGAIN).await;
                    thrown.notify_one();
                });
            }
            Ok(Err(error)) => tracing::warn!(%error, "a deleted sandbox's files are left"),
            Err(error) => tracing::warn!(%error, "a deleted sandbox's files are left"),
        }
    }
}

/// Removes what is in the trash, and tells whether it is empty. The directory of a sandbox goes after
/// its control groups, whose removal waits for the last of its processes: nothing else would tell the
/// next engine of them.
fn clear(directory: &Path, roots: Vec<OwnedFd>) -> io::Result<bool> {
    let entries: Vec<_> = std::fs::read_dir(directory)?.collect::<io::Result<_>>()?;
    for entry in &entries {
        if entry.file_type()?.is_dir() {
            for inside in std::fs::read_dir(entry.path())? {
                remove_tree(&inside?.path())?;
            }
        }
    }
    let groups = cgroup::list_all();
    let mut empty = true;
    for entry in entries {
        let sandbox = sandbox_of(&entry.file_name().to_string_lossy());
        if sandbox.is_some_and(|id| groups.iter().any(|name| name.starts_with(id.as_str()))) {
            empty = false;
        } else {
            remove_tree(&entry.path())?;
        }
    }
    drop(roots);
    Ok(empty)
}

/// The sandbox that a directory in the trash was of.
fn sandbox_of(name: &str) -> Option<SandboxId> {
    SandboxId::parse(name.split('-').next()?).ok()
}

/// The control groups of the sandboxes whose directories an earlier engine has left in the trash: where
/// it died right after that, nobody else knows of them.
fn left_groups(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| sandbox_of(&name))
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
