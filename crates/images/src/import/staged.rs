//! The files of an archive, written to the session as they stream by, since an archive may name
//! its parts in any order.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ctnr_model::{Digest, DigestAlgorithm};

use crate::ImageError;
use crate::compression::Decoder;
use crate::document::Descriptor;
use crate::hash::Hashing;
use crate::ingest::{self, Ingest, NewLayer};
use crate::limits::Limits;
use crate::store::files;
use crate::tarball::{Entry, Kind, TarReader};

/// The most files that an archive of images may have.
const FILES_MAX: usize = 20_000;
/// How often a link in an archive may lead to a link.
const LINKS_MAX: usize = 8;

/// A file of an archive.
#[derive(Debug, Clone)]
pub(super) struct StagedFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The digest of its bytes.
    pub(super) digest: Digest,
    /// Its length.
    pub(super) size: u64,
}

#[derive(Debug)]
enum Item {
    File(StagedFile),
    Link(String),
}

/// An archive that has been read.
#[derive(Debug)]
pub(super) struct StagedArchive {
    items: BTreeMap<String, Item>,
}

impl StagedArchive {
    /// Reads an archive to its end.
    pub(super) fn read(ingest: &Ingest, packed: impl Read) -> Result<Self, ImageError> {
        let read = |error| ImageError::reading("the archive", error);
        let mut tar = TarReader::new(Decoder::new(packed).map_err(read)?);
        let mut archive = Self {
            items: BTreeMap::new(),
        };
        let mut count = 0;
        while let Some(entry) = tar.next().map_err(read)? {
            count += 1;
            if count > FILES_MAX {
                return Err(ImageError::corrupt(
                    "the archive",
                    "it has more than 20,000 files",
                ));
            }
            let name = clean(&entry.path, "")?;
            let item = match entry.kind {
                Kind::Directory => continue,
                Kind::File if entry.extents.is_none() => {
                    let path = ingest.session.scratch(&format!("file-{count}"));
                    Item::File(stage(ingest, &name, &entry, &mut tar, path)?)
                }
                Kind::Symlink => {
                    let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
                    Item::Link(clean(&entry.link, directory)?)
                }
                Kind::HardLink => Item::Link(clean(&entry.link, "")?),
                _ => {
                    let reason = format!("its entry {name:?} is no plain file");
                    return Err(ImageError::corrupt("the archive", reason));
                }
            };
            if let Some(Item::File(old)) = archive.items.insert(name, item) {
                std::fs::remove_file(&old.path)
                    .map_err(|error| ImageError::io("remove", &old.path, error))?;
            }
        }
        tar.drain().map_err(read)?;
        Ok(archive)
    }

    /// Whether there is a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.file(name).is_some()
    }

    /// A file, links followed within the archive.
    pub(super) fn file(&self, name: &str) -> Option<&StagedFile> {
        let mut name = name;
        for _ in 0..LINKS_MAX {
            match self.items.get(name)? {
                Item::File(file) => return Some(file),
                Item::Link(to) => name = to,
            }
        }
        None
    }

    /// The file that a descriptor of a layout means, with its digest and size checked.
    pub(super) fn blob(&self, what: &str, blob: &Descriptor) -> Result<&StagedFile, ImageError> {
        let path = crate::archive::layout::blob_path(&blob.digest);
        let file = self
            .file(&path)
            .ok_or_else(|| ImageError::corrupt("the archive", format!("{path} is missing")))?;
        if file.digest != blob.digest {
            let expected = blob.digest.clone();
            let actual = file.digest.clone();
            return Err(ImageError::DigestMismatch {
                what: what.to_owned(),
                expected,
                actual,
            });
        }
        ingest::check_size(what, file.size, blob)?;
        Ok(file)
    }

    /// The bytes of a document.
    pub(super) fn document(
        what: &str,
        file: &StagedFile,
        limits: &Limits,
    ) -> Result<Vec<u8>, ImageError> {
        ingest::check_document(what, file.size, limits)?;
        files::read_small(&file.path, file.size)?
            .ok_or_else(|| ImageError::corrupt("the archive", format!("{what} is missing")))
    }

    /// Puts the file of a layer among the session's blobs.
    pub(super) fn keep(
        &self,
        ingest: &Ingest,
        layer: &NewLayer,
        file: &Path,
    ) -> Result<(), ImageError> {
        let to = ingest.session.staged_blob(&layer.blob.digest);
        if to.exists() || ingest.session.pin_blob(&layer.blob.digest)?.is_some() {
            return Ok(());
        }
        // Linked and not moved: another image of the archive may name the file again.
        std::fs::hard_link(file, &to).map_err(|error| ImageError::io("keep", file, error))
    }
}

/// Writes a file of an archive to the session.
fn stage(
    ingest: &Ingest,
    name: &str,
    entry: &Entry,
    data: &mut impl Read,
    path: PathBuf,
) -> Result<StagedFile, ImageError> {
    ingest.budget.take_file(0)?;
    let algorithm = if name.starts_with("blobs/sha512/") {
        DigestAlgorithm::Sha512
    } else {
        DigestAlgorithm::Sha256
    };
    let mut out = Hashing::new(files::create_file(&path)?, algorithm);
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let count = match data.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ImageError::reading("the archive", error)),
        };
        ingest.budget.take(count as u64)?;
        out.write_all(&buffer[..count])
            .map_err(|error| ImageError::io("write", &path, error))?;
    }
    let (_, digest, size) = out.finish();
    if size != entry.size {
        return Err(ImageError::corrupt(
            "the archive",
            format!("{name:?} is cut short"),
        ));
    }
    Ok(StagedFile { path, digest, size })
}

/// A name in an archive without `.`, `..` and double slashes, relative to `directory`. No file of
/// the host is ever named by it.
pub(crate) fn clean(name: &[u8], directory: &str) -> Result<String, ImageError> {
    let text = std::str::from_utf8(name)
        .map_err(|_| ImageError::corrupt("the archive", "a name in it is not UTF-8"))?;
    let from = if text.starts_with('/') { "" } else { directory };
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split('/').chain(text.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                let above = parts.pop();
                above.ok_or_else(|| {
                    ImageError::corrupt("the archive", format!("{text:?} leads out of it"))
                })?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_archive() {
        for (name, directory, expected) in [
            ("./blobs//x", "", "blobs/x"),
            ("../b/layer.tar", "a", "b/layer.tar"),
            ("/abs", "a", "abs"),
        ] {
            assert_eq!(clean(name.as_bytes(), directory).unwrap(), expected);
        }
        assert!(clean(b"../../x", "a").is_err());
        assert!(clean(b"\xff", "").is_err());
    }
}
