//! Giving names, and taking images away.

use std::collections::BTreeSet;

use ctnr_model::{ByteSize, Digest, ImageReference};

use super::ImageStore;
use super::names::{Entry, Names};
use super::session::Session;
use crate::ImageError;

/// What a removal did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Names that mean nothing any more.
    pub untagged: Vec<ImageReference>,
    /// Manifests of images that are gone.
    pub deleted: Vec<Digest>,
    /// What that frees: packed blobs and unpacked layers that no other image needs. A thread gives
    /// the space back to the disk, which may take a while.
    pub freed: ByteSize,
}

impl Removed {
    fn nothing() -> Self {
        Self {
            untagged: Vec::new(),
            deleted: Vec::new(),
            freed: ByteSize::from_bytes(0),
        }
    }
}

impl ImageStore {
    /// Gives an image another name. A name that meant another image is taken from it. Blocks.
    ///
    /// # Errors
    /// As for [`ImageStore::find`]; [`ImageError::Unsupported`] for a name with a digest.
    pub fn tag(&self, text: &str, reference: &ImageReference) -> Result<(), ImageError> {
        if reference.digest().is_some() {
            return Err(ImageError::Unsupported {
                what: "a name with a digest as a new name for an image".to_owned(),
                advice: "give it a tag only".to_owned(),
            });
        }
        let (_, manifest) = self.target(text)?;
        let session = Session::begin(&self.inner.layout)?;
        session.change(|names| {
            let known = names
                .entries()
                .iter()
                .find(|entry| entry.manifest.digest == manifest);
            let known = known.ok_or_else(|| ImageError::NotFound {
                name: text.to_owned(),
            })?;
            let entry = Entry {
                reference: Some(reference.clone()),
                ..known.clone()
            };
            names.add(entry);
            Ok(())
        })?;
        session.end_in_background();
        Ok(())
    }

    /// Removes a name, and with an image's last name the image. An id removes the image with all
    /// its names. `in_use` holds the manifests of images that something runs from. Blocks for as
    /// long as another process changes the store.
    ///
    /// # Errors
    /// As for [`ImageStore::find`]; [`ImageError::InUse`] where it would take away an image that is
    /// in use.
    pub fn remove(&self, text: &str, in_use: &BTreeSet<Digest>) -> Result<Removed, ImageError> {
        let (name, manifest) = self.target(text)?;
        let session = Session::begin(&self.inner.layout)?;
        let mut removed = Removed::nothing();
        let freed = session.change(|names| {
            let all: Vec<ImageReference> = names_of(names, &manifest);
            let only_untag = name
                .as_ref()
                .is_some_and(|name| all.len() > 1 && all.contains(name));
            if let (true, Some(name)) = (only_untag, &name) {
                names.remove_name(name);
                removed.untagged.push(name.clone());
                return Ok(());
            }
            if in_use.contains(&manifest) {
                return Err(ImageError::InUse {
                    name: text.to_owned(),
                });
            }
            names.remove_image(&manifest);
            removed.untagged = all;
            removed.deleted.push(manifest.clone());
            Ok(())
        })?;
        session.end_in_background();
        removed.freed = ByteSize::from_bytes(freed);
        Ok(removed)
    }

    /// Removes images without a name, or with `all` every image, but for those in use. Blocks for as
    /// long as another process changes the store.
    ///
    /// # Errors
    /// [`ImageError::Io`] where the store can't be changed.
    pub fn prune(&self, all: bool, in_use: &BTreeSet<Digest>) -> Result<Removed, ImageError> {
        let session = Session::begin(&self.inner.layout)?;
        let mut removed = Removed::nothing();
        let freed = session.change(|names| {
            let unneeded: BTreeSet<Digest> = names
                .entries()
                .iter()
                .filter(|entry| all || entry.reference.is_none())
                .map(|entry| entry.manifest.digest.clone())
                .filter(|manifest| !in_use.contains(manifest))
                .collect();
            for manifest in unneeded {
                removed.untagged.extend(names_of(names, &manifest));
                names.remove_image(&manifest);
                removed.deleted.push(manifest);
            }
            Ok(())
        })?;
        session.end_in_background();
        removed.freed = ByteSize::from_bytes(freed);
        Ok(removed)
    }
}

fn names_of(names: &Names, manifest: &Digest) -> Vec<ImageReference> {
    names
        .entries()
        .iter()
        .filter(|entry| entry.manifest.digest == *manifest)
        .filter_map(|entry| entry.reference.clone())
        .collect()
}
