//! An archive from a sandbox, unpacked below one directory of this host.
//!
//! The archive is hostile: it was made from what a program inside has written. Nothing of it
//! lands outside of the landing place, no symlink is followed, no device is made, and no file
//! gets the rights of its owner (setuid) or group (setgid).

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::Mode;
use tar::{Archive, Entry, EntryType};

use super::Copied;
use super::tree::Tree;
use crate::error::{CliError, Result};
use crate::output;

/// Permission bits that are kept.
const KEPT_MODE: u32 = 0o777;

/// Where an archive lands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Landing {
    /// The directory, which has to exist.
    pub(crate) directory: PathBuf,
    /// The name, in the directory, of what the archive's root becomes; `None` for what is in the
    /// root to land in the directory itself.
    pub(crate) name: Option<OsString>,
}

/// Unpacks an archive, whose paths all begin with one name.
pub(crate) fn unpack(archive: impl Read, landing: &Landing) -> Result<Copied> {
    let failed = |error| CliError::local("opening", landing.directory.display().to_string(), error);
    let mut unpacker = Unpacker {
        tree: Tree::open(&landing.directory).map_err(failed)?,
        name: landing.name.clone(),
        root: None,
        modes: Vec::new(),
        copied: Copied::default(),
    };
    let mut archive = Archive::new(Tail {
        inner: archive,
        zeros: 0,
    });
    for entry in archive.entries().map_err(broken)? {
        unpacker.entry(entry.map_err(broken)?)?;
    }
    // A sender that fails after the end of the archive, or that never came to it, has failed.
    let mut tail = archive.into_inner();
    io::copy(&mut tail, &mut io::sink()).map_err(broken)?;
    if tail.zeros < END {
        return Err(broken(io::ErrorKind::UnexpectedEof.into()));
    }
    unpacker.finish()
}

/// The zeros that end an archive: two blocks.
const END: u64 = 1024;

/// A reader that counts the zeros at the end of what was read.
struct Tail<R> {
    inner: R,
    zeros: u64,
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(into)?;
        let read = &into[..length];
        let zeros = read.iter().rev().take_while(|byte| **byte == 0).count();
        if zeros < length {
            self.zeros = 0;
        }
        self.zeros += zeros as u64;
        Ok(length)
    }
}

fn broken(error: io::Error) -> CliError {
    CliError::Hostile(format!("it broke off or can't be read: {error}"))
}

struct Unpacker {
    tree: Tree,
    name: Option<OsString>,
    /// The one name that all paths begin with.
    root: Option<OsString>,
    /// The modes of directories, set at the end so that they can be filled first.
    modes: Vec<(Vec<OsString>, u32)>,
    copied: Copied,
}

impl Unpacker {
    fn entry(&mut self, mut entry: Entry<'_, impl Read>) -> Result<()> {
        let path = entry.path().map_err(broken)?.into_owned();
        let Some(names) = self.place(&path)? else {
            return Ok(());
        };
        let failed =
            |error: io::Error| CliError::local("writing", path.display().to_string(), plain(error));
        let mode = entry.header().mode().unwrap_or(0o644) & KEPT_MODE;
        let mtime = entry.header().mtime().unwrap_or(0);
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                if names.is_empty() {
                    return Err(CliError::Hostile(
                        "it holds a file where a directory was expected".to_owned(),
                    ));
                }
                let mut file = self.tree.file(&names).map_err(failed)?;
                let size = io::copy(&mut entry, &mut file).map_err(failed)?;
                settle(&file, mode, mtime).map_err(failed)?;
                self.copied.bytes += size;
            }
            EntryType::Directory => {
                self.tree.directory(&names).map_err(failed)?;
                if !names.is_empty() {
                    self.modes.push((names, mode));
                }
            }
            EntryType::Symlink => {
                let target = link(&entry)?;
                self.tree
                    .symlink(&names, target.as_os_str())
                    .map_err(failed)?;
            }
            EntryType::Link => {
                let target = link(&entry)?;
                let to = self.place(&target)?.unwrap_or_default();
                self.tree.hard_link(&names, &to).map_err(failed)?;
            }
            EntryType::XGlobalHeader => return Ok(()),
            _ => {
                output::note(&format!(
                    "{} is a device, pipe or socket and was left out",
                    path.display()
                ));
                return Ok(());
            }
        }
        self.copied.entries += 1;
        Ok(())
    }

    /// Where a path of the archive lands: names below the landing directory. `None` for the root
    /// itself where what is in it lands.
    fn place(&mut self, path: &Path) -> Result<Option<Vec<OsString>>> {
        let hostile = |why: &str| CliError::Hostile(format!("its path {} {why}", path.display()));
        let mut names = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => names.push(name.to_owned()),
                Component::CurDir => {}
                Component::ParentDir => return Err(hostile("leads out of it by ..")),
                Component::RootDir | Component::Prefix(_) => {
                    return Err(hostile("is absolute"));
                }
            }
        }
        if names.is_empty() {
            // The root of the sandbox has no name.
            names.push(OsString::from("/"));
        }
        let first = names.remove(0);
        if self.root.get_or_insert_with(|| first.clone()) != &first {
            return Err(hostile("is beside the one that was asked for"));
        }
        match &self.name {
            Some(name) => names.insert(0, name.clone()),
            None if names.is_empty() => return Ok(None),
            None => {}
        }
        Ok(Some(names))
    }

    fn finish(self) -> Result<Copied> {
        // Children before their parents, which may become closed to this user.
        for (names, mode) in self.modes.iter().rev() {
            self.tree.set_mode(names, *mode).map_err(|error| {
                let path: PathBuf = names.iter().collect();
                CliError::local("writing", path.display().to_string(), error)
            })?;
        }
        Ok(self.copied)
    }
}

fn link(entry: &Entry<'_, impl Read>) -> Result<PathBuf> {
    let target = entry.link_name().map_err(broken)?;
    target
        .map(|target| target.into_owned())
        .ok_or_else(|| CliError::Hostile("it has a link that leads nowhere".to_owned()))
}

/// Gives a file its mode and time.
fn settle(file: &File, mode: u32, mtime: u64) -> io::Result<()> {
    rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?;
    match SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(mtime)) {
        Some(time) => file.set_modified(time),
        None => Ok(()),
    }
}

/// What the system says where a symlink stands in the way is not what the user has to know.
fn plain(error: io::Error) -> io::Error {
    match error
        .raw_os_error()
        .map(rustix::io::Errno::from_raw_os_error)
    {
        Some(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => io::Error::other(
            "a symlink or file stands where a directory has to be, and is not followed",
        ),
        _ => error,
    }
}
