//! Writing a file as a whole.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use super::failure::{FileFailure, On, Result};
use super::protocol::{Commit, FileReply};
use crate::wire;

/// The permissions of a file that is made, where none are asked for.
const FILE_MODE: u32 = 0o644;

/// What the name of a file begins with that is not whole yet.
pub(super) const TEMPORARY: &str = ".ctnr-write-";

/// Hands out a new file next to `path`, and gives it the name when the caller says so. A caller
/// who leaves before that leaves nothing.
pub(super) fn write(socket: &OwnedFd, path: &str, mode: Option<u32>) -> Result<()> {
    let target = Target::find(path)?;
    let temporary = target.temporary();
    let name = temporary.to_string_lossy().into_owned();
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .on(&name)?;
    let result = fill(socket, path, &target, &file, mode)
        .and_then(|()| fs::rename(&temporary, &target.path).on(path));
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result
}

fn fill(
    socket: &OwnedFd,
    path: &str,
    target: &Target,
    file: &File,
    mode: Option<u32>,
) -> Result<()> {
    wire::send(socket, &FileReply::File, &[file.as_fd()]).on(path)?;
    let left = || FileFailure::Bad(format!("{path}: the content did not come to its end"));
    wire::recv::<Commit>(socket).on(path)?.ok_or_else(left)?;
    let mode = match &target.existing {
        Some(existing) => {
            fchown(file, Some(existing.uid()), Some(existing.gid())).on(path)?;
            existing.mode()
        }
        None => mode.unwrap_or(FILE_MODE),
    };
    file.set_permissions(fs::Permissions::from_mode(mode & 0o7777))
        .on(path)
}

/// The file that is meant.
struct Target {
    /// Its path, with symlinks resolved.
    path: PathBuf,
    existing: Option<fs::Metadata>,
}

impl Target {
    /// Finds what `path` leads to, and makes the directories above it. The process is inside the
    /// sandbox, so a link leads nowhere else.
    fn find(path: &str) -> Result<Self> {
        let mut at = PathBuf::from(path);
        // As many links as the kernel follows (`path_resolution(7)`).
        for _ in 0..40 {
            match fs::symlink_metadata(&at) {
                Ok(metadata) if metadata.is_symlink() => {
                    let target = fs::read_link(&at).on(path)?;
                    at = at.parent().unwrap_or(Path::new("/")).join(target);
                }
                Ok(existing) if existing.is_file() => {
                    return Ok(Self {
                        path: at,
                        existing: Some(existing),
                    });
                }
                Ok(existing) if existing.is_dir() => {
                    return Err(FileFailure::Bad(format!("{path}: it is a directory")));
                }
                Ok(_) => {
                    return Err(FileFailure::Bad(format!(
                        "{path}: it is not a regular file"
                    )));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if let Some(parent) = at.parent() {
                        fs::create_dir_all(parent).on(&parent.to_string_lossy())?;
                    }
                    return Ok(Self {
                        path: at,
                        existing: None,
                    });
                }
                Err(error) => return Err(error).on(path),
            }
        }
        Err(io::Error::from_raw_os_error(libc::ELOOP)).on(path)
    }

    /// A name next to it that nothing else has.
    fn temporary(&self) -> PathBuf {
        self.path
            .with_file_name(format!("{TEMPORARY}{}", std::process::id()))
    }
}
