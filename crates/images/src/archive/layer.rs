//! Packing a layer from a tar or a directory of this machine.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ctnr_model::{Digest, DigestAlgorithm};

use crate::compression::{Compression, Decoder, Encoder};
use crate::hash::Hashing;
use crate::{ImageError, document};

/// A layer, packed into a file that has no name and goes away with it.
pub(crate) struct PackedLayer {
    /// The packed bytes, at their start.
    pub(crate) file: File,
    /// Where they go.
    pub(crate) descriptor: document::Descriptor,
    /// The digest of the plain tar.
    pub(crate) diff_id: Digest,
}

type Output = Hashing<Encoder<Hashing<BufWriter<File>>>>;

/// Packs `source`: a tar (also packed) as it is, or a directory with every owner root and every
/// time `mtime` (seconds since 1970).
pub(crate) fn pack(
    source: &Path,
    compression: Compression,
    mtime: u64,
    scratch: &Path,
) -> Result<PackedLayer, ImageError> {
    let read = |error| ImageError::io("read", source, error);
    let write = |error| ImageError::io("write a layer below", scratch, error);
    let is_dir = fs::metadata(source).map_err(read)?.is_dir();
    let file = tempfile::tempfile_in(scratch).map_err(write)?;
    let packed = Hashing::new(BufWriter::new(file), DigestAlgorithm::Sha256);
    let encoder = Encoder::new(packed, compression).map_err(write)?;
    let mut plain: Output = Hashing::new(encoder, DigestAlgorithm::Sha256);
    if is_dir {
        plain = write_directory(source, mtime, plain)?;
    } else {
        let mut tar = Decoder::new(File::open(source).map_err(read)?).map_err(read)?;
        copy(&mut tar, &mut plain, source, scratch)?;
    }
    let (encoder, diff_id, _) = plain.finish();
    let (writer, digest, size) = encoder.finish().map_err(write)?.finish();
    let mut file = writer
        .into_inner()
        .map_err(|error| write(error.into_error()))?;
    file.rewind().map_err(write)?;
    let descriptor = document::Descriptor::new(compression.layer_media_type(), digest, size);
    Ok(PackedLayer {
        file,
        descriptor,
        diff_id,
    })
}

/// Copies all bytes, telling a failing source from a full disk.
fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    source: &Path,
    scratch: &Path,
) -> Result<(), ImageError> {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to
                .write_all(&buffer[..count])
                .map_err(|error| ImageError::io("write a layer below", scratch, error))?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ImageError::io("read", source, error)),
        }
    }
}

/// Writes a tar of what is below `root`, in the order of names.
fn write_directory(root: &Path, mtime: u64, out: Output) -> Result<Output, ImageError> {
    let mut tar = tar::Builder::new(out);
    let mut pending = children(root, Path::new(""))?;
    while let Some(name) = pending.pop() {
        let path = root.join(&name);
        append(&mut tar, &path, &name, mtime)?;
        if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) {
            pending.extend(children(root, &name)?);
        }
    }
    tar.into_inner()
        .map_err(|error| ImageError::io("pack", root, error))
}

/// The paths in a directory relative to `root`, last name first, so that a stack gives them back
/// in order.
fn children(root: &Path, name: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let directory = root.join(name);
    let read = |error| ImageError::io("list", &directory, error);
    let mut names = fs::read_dir(&directory)
        .map_err(read)?
        .map(|entry| entry.map(|entry| name.join(entry.file_name())))
        .collect::<Result<Vec<_>, _>>()
        .map_err(read)?;
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

fn append(
    tar: &mut tar::Builder<Output>,
    path: &Path,
    name: &Path,
    mtime: u64,
) -> Result<(), ImageError> {
    let fail = |error| ImageError::io("pack", path, error);
    let meta = fs::symlink_metadata(path).map_err(fail)?;
    let kind = meta.file_type();
    let mut header = tar::Header::new_gnu();
    header.set_mode(meta.permissions().mode() & 0o7777);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(mtime);
    header.set_size(0);
    if kind.is_symlink() {
        header.set_entry_type(tar::EntryType::Symlink);
        let target = fs::read_link(path).map_err(fail)?;
        tar.append_link(&mut header, name, target).map_err(fail)
    } else if kind.is_dir() {
        header.set_entry_type(tar::EntryType::Directory);
        tar.append_data(&mut header, name, io::empty())
            .map_err(fail)
    } else if kind.is_file() {
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(meta.len());
        let file = File::open(path).map_err(fail)?;
        // A file that grows meanwhile must not run into the next header.
        tar.append_data(&mut header, name, file.take(meta.len()))
            .map_err(fail)
    } else if kind.is_char_device() || kind.is_block_device() {
        header.set_entry_type(if kind.is_block_device() {
            tar::EntryType::Block
        } else {
            tar::EntryType::Char
        });
        let device = meta.rdev();
        header
            .set_device_major(rustix::fs::major(device))
            .map_err(fail)?;
        header
            .set_device_minor(rustix::fs::minor(device))
            .map_err(fail)?;
        tar.append_data(&mut header, name, io::empty())
            .map_err(fail)
    } else {
        Err(ImageError::Unsupported {
            what: format!("{} (a socket or a named pipe) in a layer", path.display()),
            advice: "remove it from the directory".to_owned(),
        })
    }
}
