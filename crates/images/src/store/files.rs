//! Files of a store: written whole or not at all, and removed whatever their modes are.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, renameat_with};

use crate::ImageError;

/// Makes a directory for this user alone, with those above it.
pub(crate) fn make_directory(path: &Path) -> Result<(), ImageError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| ImageError::io("make the directory", path, error))
}

/// Makes a file that is not there yet, for this user alone.
pub(crate) fn create_file(path: &Path) -> Result<File, ImageError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| ImageError::io("make the file", path, error))
}

/// Writes `path` by way of `temporary`, on the same file system: others see the old bytes or the
/// new ones, also after a crash.
pub(crate) fn replace_file(path: &Path, temporary: &Path, bytes: &[u8]) -> Result<(), ImageError> {
    let mut file = create_file(temporary)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(temporary, path))
        .map_err(|error| ImageError::io("write", path, error))?;
    sync_parent(path)
}

/// Makes a rename into a directory durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), ImageError> {
    let parent = path.parent().unwrap_or(path);
    File::open(parent)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| ImageError::io("sync the directory", parent, error))
}

/// Reads a small file; `None` where there is none.
pub(crate) fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, ImageError> {
    let fail = |error| ImageError::io("read", path, error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > limit {
        return Err(ImageError::TooLarge {
            what: path.display().to_string(),
            limit: format!("{limit} bytes"),
            advice: "it is not a file that this program wrote",
        });
    }
    Ok(Some(bytes))
}

/// A lock that is held until it is dropped. Processes and threads exclude each other by it, and a
/// killed process holds it no longer.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, waiting for others.
    pub(crate) fn take(path: &Path) -> Result<Self, ImageError> {
        let fail = |error| ImageError::io("lock", path, error);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(fail)?;
        loop {
            match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(fail(error.into())),
                Ok(()) => return Ok(Self { _file: file }),
            }
        }
    }

    /// Takes the lock of a directory unless someone else holds it.
    pub(crate) fn try_directory(path: &Path) -> Result<Option<Self>, ImageError> {
        let fail = |error| ImageError::io("lock", path, error);
        let file = File::open(path).map_err(fail)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(fail(error.into())),
            Ok(()) => Ok(Some(Self { _file: file })),
        }
    }
}

/// Removes a directory with all that is in it. Trees of images may be deeper than a path or a
/// stack can be, and without rights for their owner: each directory is moved up to the top before
/// it is emptied, so that nothing deep is ever walked, and no link is followed.
pub(crate) fn remove_tree(path: &Path) -> Result<(), ImageError> {
    let fail = |error: std::io::Error| ImageError::io("remove", path, error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fail(error)),
        Ok(meta) if !meta.is_dir() => return fs::remove_file(path).map_err(fail),
        Ok(_) => {}
    }
    let mut pending = empty(path).map_err(fail)?;
    let mut count = 0u64;
    while let Some(directory) = pending.pop() {
        for inner in empty(&directory).map_err(fail)? {
            pending.push(move_up(&inner, path, &mut count).map_err(fail)?);
        }
        fs::remove_dir(&directory).map_err(fail)?;
    }
    fs::remove_dir(path).map_err(fail)
}

/// Removes the files of a directory, and returns the directories in it.
fn empty(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    open_up(directory)?;
    let mut directories = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            directories.push(entry.path());
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(directories)
}

/// Moves a directory into `top`, under a name that is free.
fn move_up(directory: &Path, top: &Path, count: &mut u64) -> std::io::Result<PathBuf> {
    open_up(directory)?;
    loop {
        *count += 1;
        let to = top.join(format!("removed-{count}"));
        match renameat_with(CWD, directory, CWD, &to, RenameFlags::NOREPLACE) {
            Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(to),
        }
    }
}

/// Gives the owner of a directory all rights on it: the user who unpacked an image rootless could
/// not remove it otherwise.
fn open_up(directory: &Path) -> std::io::Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_deeper_than_a_path_are_removed() {
        let scratch = tempfile::tempdir().unwrap();
        let outside = scratch.path().join("outside");
        fs::create_dir_all(outside.join("kept")).unwrap();
        let tree = scratch.path().join("tree");
        fs::create_dir(&tree).unwrap();
        std::os::unix::fs::symlink(&outside, tree.join("link")).unwrap();
        // A tree of 3,000 levels is built from the bottom, since its path is too long to name.
        for level in 0..3000 {
            let (inner, outer) = (tree.join("inner"), tree.join("outer"));
            fs::create_dir(&outer).unwrap();
            if level > 0 {
                fs::rename(&inner, outer.join("deep")).unwrap();
            }
            fs::rename(&outer, &inner).unwrap();
        }
        remove_tree(&tree).unwrap();
        remove_tree(&tree).unwrap();
        let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        assert!(outside.join("kept").is_dir());
    }

    #[test]
    fn files_are_replaced_whole() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("file");
        for text in ["one", "two"] {
            replace_file(&path, &scratch.path().join("new"), text.as_bytes()).unwrap();
            assert_eq!(read_small(&path, 3).unwrap().unwrap(), text.as_bytes());
        }
        assert!(matches!(
            read_small(&path, 2),
            Err(ImageError::TooLarge { .. })
        ));
        assert!(
            read_small(&scratch.path().join("none"), 2)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_directory_is_locked_once() {
        let scratch = tempfile::tempdir().unwrap();
        let first = Lock::try_directory(scratch.path()).unwrap();
        assert!(first.is_some());
        assert!(Lock::try_directory(scratch.path()).unwrap().is_none());
        drop(first);
        assert!(Lock::try_directory(scratch.path()).unwrap().is_some());
    }
}
