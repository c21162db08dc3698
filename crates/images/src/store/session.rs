//! A piece of work on a store: an import, a pull, an export, a removal.
//!
//! What it makes lies in a directory of its own until it is whole, and then appears at once. What
//! it leans on is pinned, so that another process' clean-up leaves it alone. A session whose
//! process was killed holds no lock any more; the next one to open the store sweeps it away.

use std::fs;
use std::path::{Path, PathBuf};

use ctnr_model::Digest;

use super::collect;
use super::files::{self, Lock};
use super::image::{self, StoredImage};
use super::layout::{Layout, layer_facts};
use super::names::{Entry, Names};
use crate::ImageError;

/// Work in progress.
#[derive(Debug)]
pub(crate) struct Session {
    layout: Layout,
    directory: PathBuf,
    lock: Option<Lock>,
}

/// The prefix of a pinned blob's mark.
const PIN_BLOB: &str = "pin-blob-";
/// The prefix of a pinned layer's mark.
const PIN_LAYER: &str = "pin-layer-";

/// A file name for a digest.
fn file_name(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().name(), digest.hex())
}

/// The digest of a file name.
fn read_file_name(name: &str) -> Option<Digest> {
    Digest::parse(&name.replacen('-', ":", 1)).ok()
}

impl Session {
    /// Begins work.
    pub(crate) fn begin(layout: &Layout) -> Result<Self, ImageError> {
        let _lock = Lock::take(&layout.lock())?;
        let sessions = layout.sessions();
        let fail = |error| ImageError::io("make a directory in", &sessions, error);
        let directory = tempfile::Builder::new()
            .prefix("session-")
            .tempdir_in(&sessions)
            .map_err(fail)?
            .keep();
        let lock = Lock::try_directory(&directory)?;
        for name in ["trash", "blobs", "layers"] {
            files::make_directory(&directory.join(name))?;
        }
        Ok(Self {
            layout: layout.clone(),
            directory,
            lock,
        })
    }

    /// Ends the work by a thread of its own: on some disks it takes minutes to give back the space
    /// of a large image, and nobody needs to wait for that. Where the process ends first, the next
    /// one to open the store goes on with it.
    pub(crate) fn end_in_background(self) {
        let spawned = std::thread::Builder::new()
            .name("image-cleanup".to_owned())
            .spawn(move || drop(self));
        // Without a thread, the session has been dropped, and so ended, here.
        drop(spawned);
    }

    /// A path for a file of the work itself.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A new directory for a part of the work that runs beside others.
    pub(crate) fn work_directory(&self) -> Result<PathBuf, ImageError> {
        let fail = |error| ImageError::io("make a directory in", &self.directory, error);
        let directory = tempfile::Builder::new()
            .prefix("work-")
            .tempdir_in(&self.directory);
        Ok(directory.map_err(fail)?.keep())
    }

    /// Where what is replaced or removed goes.
    pub(crate) fn trash(&self) -> PathBuf {
        self.directory.join("trash")
    }

    /// Where a blob is put together.
    pub(crate) fn staged_blob(&self, digest: &Digest) -> PathBuf {
        self.directory.join("blobs").join(file_name(digest))
    }

    /// Where a layer is put together.
    pub(crate) fn staged_layer(&self, diff_id: &Digest) -> PathBuf {
        self.directory.join("layers").join(file_name(diff_id))
    }

    /// The path of a blob that the store has, and keeps while this session lives.
    pub(crate) fn pin_blob(&self, digest: &Digest) -> Result<Option<PathBuf>, ImageError> {
        self.pin(PIN_BLOB, digest, self.layout.blob(digest))
    }

    /// The directory of a layer that the store has, and keeps while this session lives.
    pub(crate) fn pin_layer(&self, diff_id: &Digest) -> Result<Option<PathBuf>, ImageError> {
        let layer = self.layout.layer(diff_id);
        Ok(self
            .pin(PIN_LAYER, diff_id, layer_facts(&layer))?
            .map(|_| layer))
    }

    fn pin(
        &self,
        kind: &str,
        digest: &Digest,
        path: PathBuf,
    ) -> Result<Option<PathBuf>, ImageError> {
        let _lock = Lock::take(&self.layout.lock())?;
        if !path.exists() {
            return Ok(None);
        }
        let mark = self.directory.join(format!("{kind}{}", file_name(digest)));
        if !mark.exists() {
            files::create_file(&mark)?;
        }
        Ok(Some(path))
    }

    /// Makes everything that was staged visible, under the names in `entries`. Either all of it is
    /// there afterwards, also after a crash, or none of it is named. Returns the images as they
    /// are then, before anyone can take them away.
    pub(crate) fn commit(&self, entries: &[Entry]) -> Result<Vec<StoredImage>, ImageError> {
        self.sync()?;
        let _lock = Lock::take(&self.layout.lock())?;
        self.publish("blobs", |digest| self.layout.blob(digest))?;
        self.publish("layers", |digest| self.layout.layer(digest))?;
        self.rename(|names| {
            for entry in entries {
                names.add(entry.clone());
            }
            Ok(())
        })?;
        entries
            .iter()
            .map(|entry| image::load(&self.layout, entry))
            .collect()
    }

    /// Changes the index, and then takes away what no image needs any more, under one lock.
    /// Returns what the removed blobs and layers took on the disk.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(&mut Names) -> Result<(), ImageError>,
    ) -> Result<u64, ImageError> {
        let _lock = Lock::take(&self.layout.lock())?;
        self.rename(change)?;
        collect::collect(&self.layout, &self.trash())
    }

    fn rename(
        &self,
        change: impl FnOnce(&mut Names) -> Result<(), ImageError>,
    ) -> Result<(), ImageError> {
        let mut names = Names::read(&self.layout.index())?;
        let before = names.clone();
        change(&mut names)?;
        if names == before {
            return Ok(());
        }
        names.write(&self.layout.index(), &self.scratch("index.json"))
    }

    /// Moves staged objects to their places; one that another session brought meanwhile stays.
    fn publish(&self, kind: &str, place: impl Fn(&Digest) -> PathBuf) -> Result<(), ImageError> {
        let staged = self.directory.join(kind);
        for (digest, path) in list(&staged)? {
            let to = place(&digest);
            if to.exists() {
                continue;
            }
            if let Some(parent) = to.parent() {
                files::make_directory(parent)?;
            }
            fs::rename(&path, &to)
                .and_then(|()| fs::File::open(to.parent().unwrap_or(&to))?.sync_all())
                .map_err(|error| ImageError::io("move into the store", &to, error))?;
        }
        Ok(())
    }

    /// Brings all that was staged to the disk. One call for the file system is faster than one for
    /// each of an image's files.
    fn sync(&self) -> Result<(), ImageError> {
        let fail = |error| ImageError::io("sync", &self.directory, error);
        let directory = fs::File::open(&self.directory).map_err(fail)?;
        rustix::fs::syncfs(&directory).map_err(|error| fail(error.into()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Err(error) = files::remove_tree(&self.directory) {
            tracing::warn!(%error, "left a temporary directory for the next start to remove");
        }
        // Only then may another process take the directory for a dead session's.
        drop(self.lock.take());
    }
}

/// The objects of a staging directory.
fn list(directory: &Path) -> Result<Vec<(Digest, PathBuf)>, ImageError> {
    let fail = |error| ImageError::io("list", directory, error);
    let mut objects = Vec::new();
    for entry in fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if let Some(digest) = entry.file_name().to_str().and_then(read_file_name) {
            objects.push((digest, entry.path()));
        }
    }
    Ok(objects)
}

/// What living sessions lean on.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    /// Blobs.
    pub(crate) blobs: Vec<Digest>,
    /// Layers.
    pub(crate) layers: Vec<Digest>,
}

impl Pins {
    /// Reads the pins of all sessions. The store's lock must be held.
    pub(crate) fn read(layout: &Layout) -> Result<Self, ImageError> {
        let sessions = layout.sessions();
        let fail = |error| ImageError::io("list", &sessions, error);
        let mut pins = Self::default();
        for session in fs::read_dir(&sessions).map_err(fail)? {
            let Ok(marks) = fs::read_dir(session.map_err(fail)?.path()) else {
                continue;
            };
            for mark in marks.flatten() {
                let name = mark.file_name();
                let Some(name) = name.to_str() else { continue };
                let blob = name.strip_prefix(PIN_BLOB).and_then(read_file_name);
                let layer = name.strip_prefix(PIN_LAYER).and_then(read_file_name);
                pins.blobs.extend(blob);
                pins.layers.extend(layer);
            }
        }
        Ok(pins)
    }
}

/// Moves what killed sessions left into `trash`. The store's lock must be held.
pub(crate) fn sweep(layout: &Layout, trash: &Path) -> Result<(), ImageError> {
    let sessions = layout.sessions();
    let fail = |error| ImageError::io("list", &sessions, error);
    for entry in fs::read_dir(&sessions).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let path = entry.path();
        if trash.starts_with(&path) {
            continue;
        }
        let is_directory = entry.file_type().map_err(fail)?.is_dir();
        if is_directory && Lock::try_directory(&path)?.is_none() {
            continue;
        }
        let to = trash.join(entry.file_name());
        fs::rename(&path, &to).map_err(|error| ImageError::io("move", &path, error))?;
    }
    Ok(())
}
