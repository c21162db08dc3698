//! Attributes of files.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ctnr_engine::{FileInfo, FileKind};
use jiff::Timestamp;

use super::failure::{On, Result};

/// The attributes of what is at `path`, itself and not what it leads to.
pub(super) fn stat(path: &str) -> Result<FileInfo> {
    let metadata = fs::symlink_metadata(path).on(path)?;
    let name = path
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or("/");
    Ok(info(name.to_owned(), Path::new(path), &metadata))
}

/// What a directory holds, sorted by name. What is removed while it is looked at is left out.
pub(super) fn list(path: &str) -> Result<Vec<FileInfo>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).on(path)? {
        let entry = entry.on(path)?;
        if let Ok(metadata) = entry.metadata() {
            let name = entry.file_name().to_string_lossy().into_owned();
            entries.push(info(name, &entry.path(), &metadata));
        }
    }
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(entries)
}

fn info(name: String, path: &Path, metadata: &Metadata) -> FileInfo {
    let kind = match metadata.file_type() {
        kind if kind.is_file() => FileKind::File,
        kind if kind.is_dir() => FileKind::Directory,
        kind if kind.is_symlink() => FileKind::Symlink,
        _ => FileKind::Other,
    };
    let target = (kind == FileKind::Symlink)
        .then(|| fs::read_link(path).ok())
        .flatten();
    let nanoseconds = i32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    FileInfo {
        name,
        kind,
        size: metadata.size(),
        mode: metadata.mode() & 0o7777,
        uid: metadata.uid(),
        gid: metadata.gid(),
        // A time that no calendar has is shown as the beginning of 1970.
        modified: Timestamp::new(metadata.mtime(), nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH),
        target: target.map(|target| target.to_string_lossy().into_owned()),
    }
}
