//! The index of a store: which images it has, and what they are called.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ctnr_model::{Digest, ImageReference};

use super::files;
use crate::ImageError;
use crate::document::{self, Descriptor, Index, annotation};

/// The largest index that is read, in bytes.
const INDEX_MAX: u64 = 64 * 1024 * 1024;
/// The annotation with the digest that the image was asked for by, where that was an index's.
const SOURCE: &str = "dev.ctnr.source";

/// A name of an image, or an image without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The name; none for an image whose name another one took.
    pub(crate) reference: Option<ImageReference>,
    /// The manifest.
    pub(crate) manifest: Descriptor,
    /// The digest of the index that the manifest was chosen from.
    pub(crate) source: Option<Digest>,
}

/// All entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    entries: Vec<Entry>,
}

impl Names {
    /// Reads the index; an empty one where there is none.
    pub(crate) fn read(path: &Path) -> Result<Self, ImageError> {
        match files::read_small(path, INDEX_MAX)? {
            Some(bytes) => Self::parse(&bytes, path),
            None => Ok(Self::default()),
        }
    }

    /// Reads the index out of its open file.
    pub(crate) fn read_from(mut file: &File, path: &Path) -> Result<Self, ImageError> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| ImageError::io("read", path, error))?;
        Self::parse(&bytes, path)
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, ImageError> {
        let index: Index = serde_json::from_slice(bytes).map_err(|error| {
            ImageError::corrupt(
                format!("the store's index {}", path.display()),
                format!("{error} (moving the store away makes an empty one)"),
            )
        })?;
        Ok(Self {
            entries: index
                .manifests
                .into_iter()
                .map(Entry::from_descriptor)
                .collect(),
        })
    }

    /// Writes the index by way of `temporary`. The store's lock must be held.
    pub(crate) fn write(&self, path: &Path, temporary: &Path) -> Result<(), ImageError> {
        let manifests = self.entries.iter().map(Entry::to_descriptor).collect();
        files::replace_file(
            path,
            temporary,
            &document::to_bytes(&Index::new(manifests))?,
        )
    }

    /// All entries, in the order of names.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Gives an image its names, or keeps it without one. An image that loses a name and has no
    /// other stays, nameless, since something may run from it.
    pub(crate) fn add(&mut self, new: Entry) {
        if let Some(reference) = &new.reference {
            let taken = self
                .entries
                .iter()
                .position(|old| old.reference.as_ref() == Some(reference));
            if let Some(taken) = taken {
                let old = self.entries.remove(taken);
                self.keep(Entry {
                    reference: None,
                    ..old
                });
            }
            self.entries.retain(|old| {
                old.reference.is_some() || old.manifest.digest != new.manifest.digest
            });
            self.entries.push(new);
        } else {
            self.keep(new);
        }
        self.entries.sort_by(|a, b| {
            (&a.reference, &a.manifest.digest).cmp(&(&b.reference, &b.manifest.digest))
        });
    }

    fn keep(&mut self, nameless: Entry) {
        if !self
            .entries
            .iter()
            .any(|entry| entry.manifest.digest == nameless.manifest.digest)
        {
            self.entries.push(nameless);
        }
    }

    /// Takes one name away; true where it was there.
    pub(crate) fn remove_name(&mut self, reference: &ImageReference) -> bool {
        let before = self.entries.len();
        self.entries
            .retain(|entry| entry.reference.as_ref() != Some(reference));
        self.entries.len() < before
    }

    /// Takes an image away with all its names.
    pub(crate) fn remove_image(&mut self, manifest: &Digest) {
        self.entries
            .retain(|entry| entry.manifest.digest != *manifest);
    }

    /// The entry that a reference means. A digest counts for the repository it is asked of,
    /// whichever tag it came by, and for an image that has lost its name to another one.
    pub(crate) fn find(&self, reference: &ImageReference) -> Option<&Entry> {
        let exact = self
            .entries
            .iter()
            .find(|entry| entry.reference.as_ref() == Some(reference));
        let Some(digest) = reference.digest() else {
            return exact;
        };
        exact.or_else(|| {
            self.entries.iter().find(|entry| {
                let same_place = entry.reference.as_ref().is_none_or(|known| {
                    (known.registry(), known.repository())
                        == (reference.registry(), reference.repository())
                });
                same_place
                    && (entry.manifest.digest == *digest || entry.source.as_ref() == Some(digest))
            })
        })
    }
}

impl Entry {
    fn from_descriptor(mut descriptor: Descriptor) -> Self {
        let mut take = |key| descriptor.annotations.remove(key);
        let name = take(annotation::IMAGE_NAME);
        let source = take(SOURCE);
        take(annotation::REF_NAME);
        Self {
            reference: name.and_then(|name| ImageReference::parse(&name).ok()),
            source: source.and_then(|digest| Digest::parse(&digest).ok()),
            manifest: descriptor,
        }
    }

    fn to_descriptor(&self) -> Descriptor {
        let mut descriptor = self.manifest.clone();
        let mut note = |key: &str, value: String| {
            descriptor.annotations.insert(key.to_owned(), value);
        };
        if let Some(reference) = &self.reference {
            note(annotation::IMAGE_NAME, reference.to_string());
            note(annotation::REF_NAME, reference.to_string());
        }
        if let Some(source) = &self.source {
            note(SOURCE, source.to_string());
        }
        descriptor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::MANIFEST_TYPE;
    use crate::hash::Hasher;

    fn entry(name: Option<&str>, content: &str) -> Entry {
        Entry {
            reference: name.map(|name| ImageReference::parse(name).unwrap()),
            manifest: Descriptor::new(MANIFEST_TYPE, Hasher::sha256(content.as_bytes()), 1),
            source: None,
        }
    }

    #[test]
    fn a_taken_name_leaves_a_nameless_image() {
        let mut names = Names::default();
        names.add(entry(Some("a:1"), "one"));
        names.add(entry(Some("a:2"), "one"));
        names.add(entry(Some("a:1"), "two"));
        assert_eq!(
            names.entries(),
            [entry(Some("a:1"), "two"), entry(Some("a:2"), "one")]
        );
        names.add(entry(Some("a:2"), "two"));
        assert_eq!(names.entries()[0], entry(None, "one"));
        names.add(entry(Some("b"), "one"));
        assert!(
            names
                .entries()
                .iter()
                .all(|entry| entry.reference.is_some())
        );
    }

    #[test]
    fn the_index_round_trips() {
        let scratch = tempfile::tempdir().unwrap();
        let (path, temporary) = (
            scratch.path().join("index.json"),
            scratch.path().join("new"),
        );
        assert_eq!(Names::read(&path).unwrap(), Names::default());
        let mut names = Names::default();
        names.add(entry(None, "x"));
        names.add(Entry {
            source: Some(Hasher::sha256(b"s")),
            ..entry(Some("a"), "y")
        });
        names.write(&path, &temporary).unwrap();
        assert_eq!(Names::read(&path).unwrap(), names);
        std::fs::write(&path, "{").unwrap();
        assert!(matches!(
            Names::read(&path),
            Err(ImageError::Corrupt { .. })
        ));
    }

    #[test]
    fn digests_are_found_by_repository() {
        let mut names = Names::default();
        let source = Hasher::sha256(b"s");
        names.add(Entry {
            source: Some(source.clone()),
            ..entry(Some("a:1"), "y")
        });
        let find = |text: &str| names.find(&ImageReference::parse(text).unwrap()).is_some();
        assert!(find("a:1") && !find("a"));
        assert!(find(&format!("a@{source}")) && find(&format!("a@{}", Hasher::sha256(b"y"))));
        assert!(!find(&format!("b@{source}")) && !find(&format!("a@{}", Hasher::sha256(b"z"))));
    }
}
