//! A directory of this host below which an archive is unpacked, and out of which nothing leads.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

/// A directory, by descriptor.
#[derive(Debug)]
pub(super) struct Tree {
    root: OwnedFd,
}

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

impl Tree {
    /// Opens the user's own directory, whose path may lead over symlinks.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let root = rustix::fs::openat(
            CWD,
            path,
            OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        Ok(Self { root })
    }

    /// The directory that holds the last of `names`, made where it is missing. No symlink is
    /// followed on the way.
    fn parent(&self, names: &[OsString]) -> io::Result<OwnedFd> {
        let mut directory = self.root.try_clone()?;
        let (_, above) = names.split_last().ok_or(io::ErrorKind::InvalidInput)?;
        for name in above {
            directory = match open_directory(&directory, name) {
                Err(Errno::NOENT) => {
                    rustix::fs::mkdirat(&directory, name, Mode::from_raw_mode(0o755))?;
                    open_directory(&directory, name)?
                }
                opened => opened?,
            };
        }
        Ok(directory)
    }

    /// Makes a directory, or takes the one that is there.
    pub(super) fn directory(&self, names: &[OsString]) -> io::Result<()> {
        let Some(name) = names.last() else {
            return Ok(());
        };
        let parent = self.parent(names)?;
        match rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o700)) {
            Err(Errno::EXIST) => open_directory(&parent, name).map(drop).map_err(Into::into),
            made => made.map_err(Into::into),
        }
    }

    /// Sets a directory's mode.
    pub(super) fn set_mode(&self, names: &[OsString], mode: u32) -> io::Result<()> {
        let name = names.last().ok_or(io::ErrorKind::InvalidInput)?;
        let directory = open_directory(&self.parent(names)?, name)?;
        Ok(rustix::fs::fchmod(&directory, Mode::from_raw_mode(mode))?)
    }

    /// Makes a file in the place of one that is there.
    pub(super) fn file(&self, names: &[OsString]) -> io::Result<File> {
        let (parent, name) = self.cleared(names)?;
        let file = rustix::fs::openat(
            &parent,
            name,
            OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::from_raw_mode(0o600),
        )?;
        Ok(file.into())
    }

    /// Makes a symlink, which is never followed here.
    pub(super) fn symlink(&self, names: &[OsString], target: &OsStr) -> io::Result<()> {
        let (parent, name) = self.cleared(names)?;
        Ok(rustix::fs::symlinkat(target, &parent, name)?)
    }

    /// Makes a further name of a regular file below this directory.
    pub(super) fn hard_link(&self, names: &[OsString], to: &[OsString]) -> io::Result<()> {
        let target_name = to.last().ok_or(io::ErrorKind::InvalidInput)?;
        let target_parent = self.parent(to)?;
        let target = rustix::fs::statat(&target_parent, target_name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(target.st_mode) != FileType::RegularFile {
            return Err(io::Error::other(
                "it is a hard link to what is no regular file",
            ));
        }
        if names == to {
            return Ok(());
        }
        let (parent, name) = self.cleared(names)?;
        Ok(rustix::fs::linkat(
            &target_parent,
            target_name,
            &parent,
            name,
            AtFlags::empty(),
        )?)
    }

    /// The place for something that is made, without what is there. A directory stays, and what
    /// is made then fails.
    fn cleared<'a>(&self, names: &'a [OsString]) -> io::Result<(OwnedFd, &'a OsString)> {
        let name = names.last().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = self.parent(names)?;
        match rustix::fs::unlinkat(&parent, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok((parent, name)),
            Err(Errno::ISDIR) => Err(io::Error::other(
                "a directory is in its place; move it away first",
            )),
            Err(error) => Err(error.into()),
        }
    }
}

fn open_directory(parent: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(parent, name, DIRECTORY, Mode::empty())
}
