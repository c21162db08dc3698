//! A tar entry as a file's attributes.

use ctnr_engine::{FileInfo, FileKind};
use jiff::Timestamp;
use tar::EntryType;

use super::tar_reader::Entry;

impl Entry {
    /// What kind of thing it is.
    pub(super) fn kind(&self) -> FileKind {
        match self.entry_type {
            EntryType::Directory => FileKind::Directory,
            EntryType::Symlink => FileKind::Symlink,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse | EntryType::Link => {
                FileKind::File
            }
            _ => FileKind::Other,
        }
    }

    /// Its attributes, under `name`.
    pub(super) fn info(&self, name: &str) -> FileInfo {
        let kind = self.kind();
        FileInfo {
            name: name.to_owned(),
            kind,
            size: match (&self.link, kind) {
                // A symlink's size is its target's length, as lstat gives it.
                (Some(target), FileKind::Symlink) => target.len() as u64,
                _ => self.size,
            },
            mode: self.mode & 0o7777,
            uid: self.uid,
            gid: self.gid,
            modified: Timestamp::new(self.mtime, 0).unwrap_or(Timestamp::UNIX_EPOCH),
            target: self.link.clone().filter(|_| kind == FileKind::Symlink),
        }
    }
}
