//! What a directory takes on the disk.

use std::collections::HashSet;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, open, openat, statat};

/// Bytes of the blocks of a directory and all below it; a file of several names counts once. It goes
/// up by `..`, since the tree may be deeper than a path, a stack or the number of descriptors
/// allow; nobody may move a directory of it meanwhile.
pub(super) fn on_disk(directory: &Path) -> io::Result<u64> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let mut here = open(directory, flags, Mode::empty())?;
    let mut count = Count::default();
    // The directories still to be entered, for each directory on the way down.
    let mut pending = vec![count.entries(&here)?];
    while let Some(directories) = pending.last_mut() {
        here = match directories.pop() {
            Some(name) => {
                let inner = openat(&here, &name, flags, Mode::empty())?;
                pending.push(count.entries(&inner)?);
                inner
            }
            None => {
                pending.pop();
                openat(&here, "..", flags, Mode::empty())?
            }
        };
    }
    Ok(count.bytes)
}

#[derive(Default)]
struct Count {
    bytes: u64,
    linked: HashSet<(u64, u64)>,
}

impl Count {
    /// Counts what a directory holds, and returns the directories in it.
    fn entries(&mut self, directory: &OwnedFd) -> io::Result<Vec<CString>> {
        let mut directories = Vec::new();
        for entry in Dir::read_from(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
            let is_directory = FileType::from_raw_mode(stat.st_mode).is_dir();
            let is_counted = !is_directory
                && stat.st_nlink > 1
                && !self.linked.insert((stat.st_dev, stat.st_ino));
            if !is_counted {
                self.bytes += u64::try_from(stat.st_blocks).unwrap_or(0) * 512;
            }
            if is_directory {
                directories.push(name.to_owned());
            }
        }
        Ok(directories)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_once_holes_not_and_depth_does_not_matter() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, vec![1; 1 << 20]).unwrap();
        std::fs::hard_link(&path, directory.path().join("again")).unwrap();
        let hole = std::fs::File::create(directory.path().join("hole")).unwrap();
        hole.set_len(1 << 40).unwrap();
        std::os::unix::fs::symlink("/", directory.path().join("root")).unwrap();
        let mut deep: OwnedFd = std::fs::File::open(directory.path()).unwrap().into();
        for _ in 0..1_100 {
            rustix::fs::mkdirat(&deep, "d", Mode::from_raw_mode(0o755)).unwrap();
            deep = openat(
                &deep,
                "d",
                OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
            )
            .unwrap();
        }
        let size = on_disk(directory.path()).unwrap();
        // A directory may take a block or none.
        assert!(
            (1 << 20..(1 << 20) + 1_200 * 4096).contains(&size),
            "{size}"
        );
        drop(deep);
        crate::remove::remove_tree(directory.path()).unwrap();
    }
}
