//! Finding images: by name, id or digest, from memory where the index has not changed.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, PoisonError};

use ctnr_model::{Digest, ImageReference};

use super::image::{self, ImageDetails, StoredImage};
use super::names::Names;
use super::{Cache, ImageStore};
use crate::ImageError;

/// Which file the index is. Each change makes a new one, and the cache holds the one it read open,
/// so that its number is not given to another file meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
        }
    }
}

/// The fewest digits of an id that are taken for one.
const PREFIX_MIN: usize = 4;

impl ImageStore {
    /// The image of a name. One system call where nothing has changed since the last time.
    ///
    /// # Errors
    /// [`ImageError::NotFound`]; [`ImageError::Corrupt`] for a damaged store.
    pub fn resolve(&self, reference: &ImageReference) -> Result<Arc<StoredImage>, ImageError> {
        self.steadily(|| self.resolve_once(reference))
    }

    /// Reads again where the index changed while something was read: another process may have
    /// taken away what the old one named.
    fn steadily<T>(&self, read: impl Fn() -> Result<T, ImageError>) -> Result<T, ImageError> {
        loop {
            let before = self.stamp()?;
            match read() {
                Err(ImageError::Corrupt { .. } | ImageError::Io { .. })
                    if self.stamp()? != before => {}
                other => return other,
            }
        }
    }

    fn resolve_once(&self, reference: &ImageReference) -> Result<Arc<StoredImage>, ImageError> {
        let stamp = self.stamp()?;
        {
            let cache = self
                .inner
                .cache
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            if cache.stamp == stamp
                && let Some(image) = cache.images.get(reference)
            {
                return Ok(Arc::clone(image));
            }
        }
        let names = self.names()?;
        let entry = names.find(reference).ok_or_else(|| ImageError::NotFound {
            name: reference.familiar(),
        })?;
        let image = Arc::new(image::load(&self.inner.layout, entry)?);
        let mut cache = self
            .inner
            .cache
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // What was read may be older than what the cache is of by now.
        if cache.stamp == stamp {
            cache.images.insert(reference.clone(), Arc::clone(&image));
        }
        Ok(image)
    }

    /// The image that a text of a user means: a name, an id or digest, or the first digits of one.
    ///
    /// # Errors
    /// As for [`ImageStore::resolve`], and [`ImageError::Ambiguous`].
    pub fn find(&self, text: &str) -> Result<Arc<StoredImage>, ImageError> {
        if let Ok(reference) = ImageReference::parse(text) {
            match self.resolve(&reference) {
                Err(ImageError::NotFound { .. }) => {}
                other => return other,
            }
        }
        let not_found = || ImageError::NotFound {
            name: text.to_owned(),
        };
        let prefix = text.strip_prefix("sha256:").unwrap_or(text);
        let is_hex = prefix
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if prefix.len() < PREFIX_MIN || !is_hex {
            return Err(not_found());
        }
        let mut found: Option<Arc<StoredImage>> = None;
        for image in self.list()? {
            if !image.id.hex().starts_with(prefix) && !image.manifest.hex().starts_with(prefix) {
                continue;
            }
            if found
                .as_ref()
                .is_some_and(|known| known.manifest != image.manifest)
            {
                return Err(ImageError::Ambiguous {
                    prefix: text.to_owned(),
                });
            }
            found = found.or(Some(image));
        }
        found.ok_or_else(not_found)
    }

    /// All images, in the order of names: one item for each name, and for each image without one.
    /// An image whose files are damaged is left out with a warning in the log; it can be removed by
    /// its name.
    ///
    /// # Errors
    /// [`ImageError::Corrupt`] for a damaged index.
    pub fn list(&self) -> Result<Vec<Arc<StoredImage>>, ImageError> {
        let mut images = Vec::new();
        for entry in self.names()?.entries() {
            let loaded = match &entry.reference {
                Some(reference) => self.resolve(reference),
                None => image::load(&self.inner.layout, entry).map(Arc::new),
            };
            match loaded {
                Ok(image) => images.push(image),
                // Another process took it away meanwhile.
                Err(ImageError::NotFound { .. }) => {}
                Err(error) => {
                    let manifest = &entry.manifest.digest;
                    tracing::warn!(%manifest, %error, "an image of the store can't be read");
                }
            }
        }
        Ok(images)
    }

    /// An image in full; `text` as for [`ImageStore::find`].
    ///
    /// # Errors
    /// As for [`ImageStore::find`].
    pub fn inspect(&self, text: &str) -> Result<ImageDetails, ImageError> {
        self.steadily(|| {
            let image = self.find(text)?;
            let names = self.names()?;
            let references = names
                .entries()
                .iter()
                .filter(|entry| entry.manifest.digest == image.manifest)
                .filter_map(|entry| entry.reference.clone())
                .collect();
            image::describe(&self.inner.layout, StoredImage::clone(&image), references)
        })
    }

    /// The index as it is.
    pub(crate) fn names(&self) -> Result<Arc<Names>, ImageError> {
        let stamp = self.stamp()?;
        {
            let cache = self
                .inner
                .cache
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            if cache.stamp == stamp {
                return Ok(Arc::clone(&cache.names));
            }
        }
        let path = self.inner.layout.index();
        let fail = |error| ImageError::io("read", &path, error);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Arc::default()),
            Err(error) => return Err(fail(error)),
        };
        let stamp = Some(Stamp::of(&file.metadata().map_err(fail)?));
        let names = Arc::new(Names::read_from(&file, &path)?);
        let mut cache = self
            .inner
            .cache
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *cache = Cache {
            stamp,
            names: Arc::clone(&names),
            images: HashMap::new(),
            _index: Some(file),
        };
        Ok(names)
    }

    fn stamp(&self) -> Result<Option<Stamp>, ImageError> {
        let path = self.inner.layout.index();
        match std::fs::metadata(&path) {
            Ok(meta) => Ok(Some(Stamp::of(&meta))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ImageError::io("look at", &path, error)),
        }
    }

    /// The manifest that a text means, with the name it was given by, if it was a name.
    pub(crate) fn target(
        &self,
        text: &str,
    ) -> Result<(Option<ImageReference>, Digest), ImageError> {
        if let Ok(reference) = ImageReference::parse(text)
            && let Some(entry) = self.names()?.find(&reference)
        {
            return Ok((entry.reference.clone(), entry.manifest.digest.clone()));
        }
        Ok((None, self.find(text)?.manifest.clone()))
    }
}
