//! Removing a tree that may be nested to any depth.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, renameat, unlinkat};

/// The depth at which directories are moved up, so that neither stack nor descriptors run out.
const MAX_DEPTH: usize = 32;

/// Removes a directory and all below it, following no symlink. A tree that is gone is no error.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a directory's path",
        ));
    };
    let parent = File::open(parent)?;
    let name = CString::new(std::os::unix::ffi::OsStrExt::as_bytes(name))?;
    let mut moved = 0;
    match remove(parent.as_fd(), &name, parent.as_fd(), &mut moved, 0) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        result => result?,
    }
    // Moved-up directories may hold further deep ones, which come here in turn.
    let mut next = 0;
    while next < moved {
        let name = moved_name(next)?;
        remove(parent.as_fd(), &name, parent.as_fd(), &mut moved, 0)?;
        next += 1;
    }
    Ok(())
}

fn moved_name(number: u64) -> io::Result<CString> {
    Ok(CString::new(format!(
        "deep-{}-{number}",
        std::process::id()
    ))?)
}

fn remove(
    parent: BorrowedFd<'_>,
    name: &CString,
    top: BorrowedFd<'_>,
    moved: &mut u64,
    depth: usize,
) -> io::Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) => return Ok(()),
        Err(rustix::io::Errno::ISDIR | rustix::io::Errno::PERM) => {}
        Err(errno) => return Err(errno.into()),
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let directory = openat(parent, name, flags, Mode::empty())?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let entry_name = entry.file_name();
        if entry_name == c"." || entry_name == c".." {
            continue;
        }
        let entry_name = entry_name.to_owned();
        if entry.file_type() == FileType::Directory && depth >= MAX_DEPTH {
            renameat(&directory, &entry_name, top, &moved_name(*moved)?)?;
            *moved += 1;
        } else {
            remove(directory.as_fd(), &entry_name, top, moved, depth + 1)?;
        }
    }
    Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_any_depth_goes_and_symlinks_are_not_followed() {
        let parent = tempfile::tempdir().unwrap();
        let outside = parent.path().join("outside");
        std::fs::write(&outside, "kept").unwrap();
        let tree = parent.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        std::os::unix::fs::symlink(&outside, tree.join("link")).unwrap();
        std::os::unix::fs::symlink(parent.path(), tree.join("up")).unwrap();
        // Deeper than any path can name, as a program in a sandbox makes it by chdir.
        let mut directory: std::os::fd::OwnedFd = File::open(&tree).unwrap().into();
        for _ in 0..5_000 {
            rustix::fs::mkdirat(&directory, "d", Mode::from_raw_mode(0o755)).unwrap();
            let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
            directory = openat(&directory, "d", flags, Mode::empty()).unwrap();
        }
        drop(directory);
        remove_tree(&tree).unwrap();
        let left: Vec<_> = std::fs::read_dir(parent.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["outside"]);
        remove_tree(&tree).unwrap();
    }
}
