//! A tree of this host as a tar archive.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tar::{Builder, EntryType, Header};

use super::Copied;
use super::pieces::Writer;
use crate::error::{CliError, Result};
use crate::output;

/// Packs `source` as `name`, or with no name what is in it, on a thread of its own. The stream is
/// the archive; the handle says what is in it, or what failed.
pub(crate) fn pack(
    source: PathBuf,
    name: Option<PathBuf>,
) -> (
    impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static,
    tokio::task::JoinHandle<Result<Copied>>,
) {
    let (writer, stream) = Writer::new();
    let packing = tokio::task::spawn_blocking(move || {
        let mut packer = Packer {
            builder: Builder::new(writer),
            copied: Copied::default(),
        };
        let packed = packer
            .add(&source, name.as_deref().unwrap_or(Path::new(".")))
            .and_then(|()| {
                packer
                    .builder
                    .finish()
                    .and_then(|()| io::Write::flush(packer.builder.get_mut()))
                    .map_err(|error| {
                        CliError::local("sending", source.display().to_string(), error)
                    })
            });
        match packed {
            Ok(()) => Ok(packer.copied),
            Err(error) => {
                packer
                    .builder
                    .get_mut()
                    .fail(io::Error::other(error.to_string()));
                Err(error)
            }
        }
    });
    (stream, packing)
}

/// How many bytes the archive of what is in a directory has, about: names that are too long for a
/// header take more, and what can't be read is told when it is packed.
pub(crate) fn packed_size(directory: &Path) -> u64 {
    const BLOCK: u64 = 512;
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => BLOCK + packed_size(&entry.path()),
        Ok(metadata) if metadata.is_file() => BLOCK + metadata.len().next_multiple_of(BLOCK),
        Ok(metadata) if metadata.is_symlink() => BLOCK,
        _ => 0,
    });
    sizes.sum()
}

struct Packer {
    builder: Builder<Writer>,
    copied: Copied,
}

impl Packer {
    /// Adds a path and all below it. Symlinks are added as themselves.
    fn add(&mut self, path: &Path, name: &Path) -> Result<()> {
        let failed = |error| CliError::local("reading", path.display().to_string(), error);
        let metadata = path.symlink_metadata().map_err(failed)?;
        let kind = metadata.file_type();
        self.copied.entries += 1;
        if kind.is_dir() {
            if name != Path::new(".") {
                let mut header = header(&metadata, EntryType::Directory, 0);
                self.builder
                    .append_data(&mut header, name, io::empty())
                    .map_err(failed)?;
            }
            let mut children: Vec<PathBuf> = std::fs::read_dir(path)
                .and_then(|entries| {
                    entries
                        .map(|entry| entry.map(|entry| entry.path()))
                        .collect()
                })
                .map_err(failed)?;
            children.sort();
            for child in children {
                let child_name = name.join(child.file_name().unwrap_or(OsStr::new("")));
                self.add(&child, &child_name)?;
            }
            Ok(())
        } else if kind.is_symlink() {
            let target = std::fs::read_link(path).map_err(failed)?;
            let mut header = header(&metadata, EntryType::Symlink, 0);
            self.builder
                .append_link(&mut header, name, target)
                .map_err(failed)
        } else if kind.is_file() {
            self.add_file(path, name).map_err(failed)
        } else {
            self.copied.entries -= 1;
            let what = if kind.is_socket() {
                "a socket"
            } else if kind.is_fifo() {
                "a pipe"
            } else {
                "a device"
            };
            output::note(&format!("{} is {what} and was left out", path.display()));
            Ok(())
        }
    }

    fn add_file(&mut self, path: &Path, name: &Path) -> io::Result<()> {
        let file = File::open(path)?;
        // The file that was opened, which may be another than the one that was looked at.
        let metadata = file.metadata()?;
        let size = metadata.len();
        let mut header = header(&metadata, EntryType::Regular, size);
        let mut content = Exactly {
            file,
            missing: size,
        };
        self.builder.append_data(&mut header, name, &mut content)?;
        self.copied.bytes += size;
        Ok(())
    }
}

/// Mode and time are the file's own; the owner is root, as `docker cp` has it.
fn header(metadata: &Metadata, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(metadata.mode() & 0o7777);
    header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// As many bytes of a file as its header says, whatever happens to it meanwhile.
struct Exactly {
    file: File,
    missing: u64,
}

impl Read for Exactly {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let wanted = into
            .len()
            .min(usize::try_from(self.missing).unwrap_or(usize::MAX));
        let length = self.file.read(&mut into[..wanted])?;
        if length == 0 && wanted > 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it became shorter while it was read; try again when nothing writes to it",
            ));
        }
        self.missing -= length as u64;
        Ok(length)
    }
}
