//! A layer from its packed bytes to a tree.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use ctnr_model::{ByteSize, Digest, DigestAlgorithm};
use rustix::fs::{self, Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::name::Name;
use super::owned::OwnedUnpack;
use super::privilege::Privilege;
use super::tree::Tree;
use super::{create, whiteout};
use crate::ImageError;
use crate::compression::Decoder;
use crate::hash::Hashing;
use crate::limits::Budget;
use crate::tarball::TarReader;

/// What is known of an unpacked layer. It is kept beside its tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unpacked {
    /// Bytes of the data of its files.
    pub(crate) size: u64,
    /// Whether its root hides all lower layers.
    pub(crate) root_opaque: bool,
    /// Devices that were left out.
    pub(crate) skipped: u64,
}

/// Unpacks `packed` into the empty directory `to`, and gives the digest of the plain tar too.
/// What entries replace goes to the directory `trash`. `what` names the layer in messages.
pub(crate) fn unpack(
    what: &str,
    packed: impl Read,
    (to, trash): (&Path, &Path),
    privilege: Privilege,
    algorithm: DigestAlgorithm,
    budget: &Budget,
) -> Result<(Digest, Unpacked), ImageError> {
    let mut tree = Tree::new(open(to)?, open(trash)?, privilege);
    let read = |error| ImageError::reading(what, error);
    let plain = Hashing::new(Decoder::new(packed).map_err(read)?, algorithm);
    let mut tar = TarReader::new(Bounded {
        inner: plain,
        budget,
        passed: 0,
        most: None,
    });
    let mut unpacked = fill(what, &mut tar, (&mut tree, to), budget)?;
    unpacked.root_opaque = tree.root_opaque;
    tree.finish()
        .map_err(|error| ImageError::io("set the modes of directories in", to, error))?;
    let (_, diff_id, _) = tar.drain().map_err(read)?.inner.finish();
    if unpacked.skipped > 0 {
        tracing::info!(
            layer = what,
            count = unpacked.skipped,
            "left out device files of a layer"
        );
    }
    Ok((diff_id, unpacked))
}

/// Unpacks a tar, plain or packed, whose files all belong to one owner, into the directory `to`. A
/// tar that hides what is below its root makes that directory hide it.
pub(super) fn unpack_owned(
    what: &str,
    packed: impl Read,
    to: &Path,
    options: &OwnedUnpack,
    privilege: Privilege,
    budget: &Budget,
) -> Result<Unpacked, ImageError> {
    let mut tree = Tree::new(open(to)?, open(&options.trash)?, privilege)
        .owned_by(options.owner)
        .limited_to(&options.only);
    let read = |error| ImageError::reading(what, error);
    let mut tar = TarReader::new(Bounded {
        inner: Decoder::new(packed).map_err(read)?,
        budget,
        passed: 0,
        most: options.most,
    });
    let mut unpacked = fill(what, &mut tar, (&mut tree, to), budget)?;
    unpacked.root_opaque = tree.root_opaque;
    tree.finish()
        .map_err(|error| ImageError::io("set the modes of directories in", to, error))?;
    tar.drain().map_err(read)?;
    Ok(unpacked)
}

fn open(path: &Path) -> Result<OwnedFd, ImageError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::open(path, flags, Mode::empty()).map_err(|error| ImageError::io("open", path, error))
}

/// Makes all that a tar describes.
fn fill(
    what: &str,
    tar: &mut TarReader<impl Read>,
    (tree, to): (&mut Tree, &Path),
    budget: &Budget,
) -> Result<Unpacked, ImageError> {
    let read = |error| ImageError::reading(what, error);
    let mut unpacked = Unpacked {
        size: 0,
        root_opaque: false,
        skipped: 0,
    };
    while let Some(mut entry) = tar.next().map_err(read)? {
        tree.adapt(&mut entry);
        budget.take_file(entry.stored)?;
        let name = Name::parse(&entry.path).map_err(read)?;
        tree.check(&name, entry.kind).map_err(read)?;
        let done = match name {
            Name::Root => create::root(tree, &entry).map(|()| true),
            Name::Plain { parents, name } => create::create(tree, &parents, name, &entry, tar),
            Name::Whiteout { parents, name } => whiteout::hide(tree, &parents, name).map(|()| true),
            Name::Opaque { parents } => whiteout::hide_below(tree, &parents).map(|()| true),
            Name::Ignored => Ok(true),
        };
        let done = done.map_err(|error| entry_error(what, &entry.path, to, error))?;
        unpacked.skipped += u64::from(!done);
        unpacked.size += entry.stored;
    }
    Ok(unpacked)
}

/// The digest of the plain tar in `packed`, for a layer that is unpacked already.
pub(crate) fn hash_plain(
    what: &str,
    packed: File,
    algorithm: DigestAlgorithm,
    budget: &Budget,
) -> Result<Digest, ImageError> {
    let read = |error| ImageError::reading(what, error);
    let plain = Hashing::new(Decoder::new(packed).map_err(read)?, algorithm);
    let mut plain = Bounded {
        inner: plain,
        budget,
        passed: 0,
        most: None,
    };
    io::copy(&mut plain, &mut io::sink()).map_err(read)?;
    let (_, digest, _) = plain.inner.finish();
    Ok(digest)
}

/// Tells what the host lacks from what the layer does wrong.
fn entry_error(what: &str, path: &[u8], to: &Path, error: io::Error) -> ImageError {
    use io::ErrorKind::{Other, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied | Other
            if error.get_ref().is_none() || error.kind() == Other =>
        {
            ImageError::io("unpack a layer into", to, error)
        }
        _ => match error.downcast::<ImageError>() {
            Ok(inner) => inner,
            Err(error) => {
                let shown = String::from_utf8_lossy(path)
                    .chars()
                    .take(200)
                    .collect::<String>();
                ImageError::corrupt(what, format!("at {shown:?}: {error}"))
            }
        },
    }
}

/// Bytes out of a decoder, of which a small layer can hold very many.
struct Bounded<'a, R> {
    inner: R,
    budget: &'a Budget,
    passed: u64,
    /// How many its sender has said that there are.
    most: Option<u64>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.budget.pass(count as u64)?;
        self.passed += count as u64;
        match self.most {
            Some(most) if self.passed > most => Err(ImageError::TooLarge {
                what: "the unpacked layer".to_owned(),
                limit: format!("the {} that it states", ByteSize::from_bytes(most)),
                advice: "whoever made it made a mistake, or means harm: get it from elsewhere",
            }
            .into()),
            _ => Ok(count),
        }
    }
}
