//! Removing sandboxes' directories, whose contents are hostile and may be large.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    thrown: Arc<Notify>,
}

impl Trash {
    /// Opens the trash, and begins to empty it. Must be called within a tokio runtime.
    pub(super) fn open(directory: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let thrown = Arc::new(Notify::new());
        thrown.notify_one();
        tokio::spawn(empty(directory.clone(), Arc::clone(&thrown)));
        Ok(Self {
            directory,
            counter: AtomicU64::default(),
            thrown,
        })
    }

    /// Throws a directory away; one that is gone is no error.
    pub(super) fn throw(&self, path: &Path) -> io::Result<()> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let thrown = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{thrown}-{}-{number}", std::process::id());
        match std::fs::rename(path, self.directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => {
                self.thrown.notify_one();
                Ok(())
            }
        }
    }
}

/// Removes what is thrown away, for as long as the engine lives.
async fn empty(directory: PathBuf, thrown: Arc<Notify>) {
    loop {
        thrown.notified().await;
        remove_groups(left_groups(&directory)).await;
        let directory = directory.clone();
        let emptied = tokio::task::spawn_blocking(move || -> io::Result<()> {
            for entry in std::fs::read_dir(&directory)? {
                remove_tree(&entry?.path())?;
            }
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

/// The control groups of the sandboxes whose directories are in the trash. Where the engine that
/// deleted one died at once, nobody else knows of them.
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
