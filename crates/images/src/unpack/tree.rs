//! The directory that a layer is unpacked to, and the ways into it.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use ctnr_model::FileOwner;
use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid};
use rustix::io::Errno;

use super::name::Name;
use super::privilege::Privilege;
use crate::tarball::{Entry, Kind};

/// How names of a layer are resolved: every path and link stays below the root.
const IN_ROOT: ResolveFlags = ResolveFlags::IN_ROOT.union(ResolveFlags::NO_MAGICLINKS);
/// The most bytes that names of directories may take in memory.
const DIRECTORY_NAMES_MAX: usize = 256 * 1024 * 1024;

/// A tree in the making.
pub(super) struct Tree {
    root: OwnedFd,
    trash: OwnedFd,
    trashed: u64,
    pub(super) privilege: Privilege,
    /// Who owns everything, where the layer does not say.
    owner: Option<FileOwner>,
    /// What may be directly below the root; anything where there is no name.
    only: Vec<String>,
    /// The directory that was used last: entries come a directory at a time.
    last: Option<(Vec<u8>, Rc<OwnedFd>)>,
    /// How the directories of names are resolved.
    resolve: ResolveFlags,
    /// Modes and times that directories get at the end, since they change while files are made.
    directories: BTreeMap<Vec<u8>, Finish>,
    directory_names: usize,
    /// Whether the root hides all lower layers. Overlayfs has no mark for that.
    pub(super) root_opaque: bool,
}

/// What a directory gets at the end.
pub(super) struct Finish {
    pub(super) inode: (u64, u64),
    pub(super) mode: u32,
    pub(super) mtime: (i64, u32),
}

impl Tree {
    /// Unpacks into `root`; what is replaced goes to `trash`, on the same file system.
    pub(super) fn new(root: OwnedFd, trash: OwnedFd, privilege: Privilege) -> Self {
        Self {
            root,
            trash,
            trashed: 0,
            privilege,
            owner: None,
            only: Vec::new(),
            last: None,
            resolve: IN_ROOT,
            directories: BTreeMap::new(),
            directory_names: 0,
            root_opaque: false,
        }
    }

    /// The same, whose files belong to `owner` whatever its entries say, and have no special rights.
    pub(super) fn owned_by(self, owner: FileOwner) -> Self {
        Self {
            owner: Some(owner),
            ..self
        }
    }

    /// The same, with nothing directly below the root but what has these names. No link leads to a
    /// directory of a name then: `drive/link/other` would be `other` where the link leads to the root.
    pub(super) fn limited_to(self, only: &[String]) -> Self {
        let resolve = match only {
            [] => IN_ROOT,
            _ => IN_ROOT.union(ResolveFlags::NO_SYMLINKS),
        };
        Self {
            only: only.to_vec(),
            resolve,
            ..self
        }
    }

    /// Refuses an entry that is not of what may be here.
    ///
    /// # Errors
    /// `InvalidData`, which says what may be here.
    pub(super) fn check(&self, name: &Name<'_>, kind: Kind) -> io::Result<()> {
        if self.only.is_empty() {
            return Ok(());
        }
        let is_known = |name: &[u8]| self.only.iter().any(|one| one.as_bytes() == name);
        let first = match name {
            Name::Root | Name::Ignored => return Ok(()),
            Name::Plain { parents, name } => match parents.first() {
                Some(first) => *first,
                // A link in the place of a folder would lead past this.
                None if !matches!(kind, Kind::File | Kind::Directory) => b"",
                None => name,
            },
            Name::Whiteout { parents, .. } | Name::Opaque { parents } => {
                parents.first().copied().unwrap_or_default()
            }
        };
        if is_known(first) {
            return Ok(());
        }
        let message = format!(
            "it has something else than files and folders below {}, or removes one of these",
            self.only.join(", ")
        );
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    }

    /// Takes from an entry what it may not say here.
    pub(super) fn adapt(&self, entry: &mut Entry) {
        let Some(owner) = self.owner else { return };
        (entry.uid, entry.gid) = (owner.uid, owner.gid);
        entry.mode &= 0o1777;
        entry.xattrs.retain(|(name, _)| name.starts_with(b"user."));
    }

    /// Whether devices may be made.
    pub(super) fn has_devices(&self) -> bool {
        self.privilege == Privilege::Root && self.owner.is_none()
    }

    /// The directory that `parents` lead to, which is made where it is missing.
    ///
    /// # Errors
    /// Where a file or a link that leads nowhere is in the way.
    pub(super) fn directory(&mut self, parents: &[&[u8]]) -> io::Result<Rc<OwnedFd>> {
        let path = join(parents);
        if let Some((last, fd)) = &self.last
            && *last == path
        {
            return Ok(Rc::clone(fd));
        }
        let fd = match self.open(&path) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR) => self.make_all(parents)?,
            Err(error) => return Err(self.cannot_enter(&path, error)),
        };
        let fd = Rc::new(fd);
        self.last = Some((path, Rc::clone(&fd)));
        Ok(fd)
    }

    fn open(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        let path = if path.is_empty() { b"." } else { path };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        fs::openat2(&self.root, path, flags, Mode::empty(), self.resolve)
    }

    /// Why a directory can't be entered: the kernel says of a link that may not be followed only
    /// that there are too many.
    fn cannot_enter(&self, path: &[u8], error: Errno) -> io::Error {
        if error != Errno::LOOP || !self.resolve.contains(ResolveFlags::NO_SYMLINKS) {
            return error.into();
        }
        let shown: String = String::from_utf8_lossy(path).chars().take(200).collect();
        let message = format!("a link is on the way to {shown:?}, where only directories may be");
        io::Error::new(io::ErrorKind::InvalidData, message)
    }

    fn make_all(&mut self, parents: &[&[u8]]) -> io::Result<OwnedFd> {
        let mut at = self.open(b"")?;
        for count in 1..=parents.len() {
            let path = join(&parents[..count]);
            at = match self.open(&path) {
                Ok(fd) => fd,
                Err(Errno::NOENT | Errno::NOTDIR) => {
                    self.make(&at, parents[count - 1]).map_err(|error| {
                        let path = String::from_utf8_lossy(&path).into_owned();
                        let message = format!("{path:?} is needed as a directory: {error}");
                        io::Error::new(io::ErrorKind::InvalidData, message)
                    })?;
                    self.open(&path)?
                }
                Err(error) => return Err(self.cannot_enter(&path, error)),
            };
        }
        Ok(at)
    }

    /// Makes a directory that no entry described. A whiteout in its place means that the directory
    /// is new and hides the lower one.
    fn make(&mut self, parent: &OwnedFd, name: &[u8]) -> io::Result<()> {
        let opaque = stat(parent, name)?.is_some_and(|stat| is_whiteout(&stat));
        if opaque {
            fs::unlinkat(parent, name, AtFlags::empty())?;
        }
        fs::mkdirat(parent, name, Mode::RWXU)?;
        let fd = open_directory(parent, name)?;
        if let (Privilege::Root, Some(owner)) = (self.privilege, self.owner) {
            let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
            fs::fchown(&fd, Some(uid), Some(gid))?;
        }
        fs::fchmod(&fd, Mode::from_raw_mode(0o755))?;
        if opaque {
            self.mark_opaque(&fd)?;
        }
        Ok(())
    }

    /// Marks an open directory as hiding what lower layers have in it.
    pub(super) fn mark_opaque(&self, directory: &OwnedFd) -> io::Result<()> {
        let flags = fs::XattrFlags::empty();
        Ok(fs::fsetxattr(
            directory,
            self.privilege.opaque(),
            b"y",
            flags,
        )?)
    }

    /// Takes away what stands at a name, however much it is.
    pub(super) fn remove(&mut self, parent: &OwnedFd, name: &[u8], found: &Stat) -> io::Result<()> {
        self.last = None;
        if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
            self.trashed += 1;
            let to = self.trashed.to_string();
            return Ok(fs::renameat(parent, name, &self.trash, to)?);
        }
        Ok(fs::unlinkat(parent, name, AtFlags::empty())?)
    }

    /// Remembers what a directory gets at the end.
    pub(super) fn finish_later(&mut self, path: Vec<u8>, finish: Finish) -> io::Result<()> {
        self.directory_names += path.len();
        if self.directory_names > DIRECTORY_NAMES_MAX {
            let message = "the names of its directories take more than 256 MiB";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        self.directories.insert(path, finish);
        Ok(())
    }

    /// Gives directories their modes and times, the deepest first. One that was replaced since is
    /// left alone.
    pub(super) fn finish(self) -> io::Result<()> {
        for (path, finish) in self.directories.iter().rev() {
            let path = if path.is_empty() {
                b"."
            } else {
                path.as_slice()
            };
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let fd = match fs::openat2(&self.root, path, flags, Mode::empty(), self.resolve) {
                Ok(fd) => fd,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                Err(error) => return Err(error.into()),
            };
            if inode(&fs::fstat(&fd)?) != finish.inode {
                continue;
            }
            fs::fchmod(&fd, Mode::from_raw_mode(finish.mode))?;
            fs::futimens(&fd, &super::attributes::times(finish.mtime))?;
        }
        Ok(())
    }
}

/// Components as one path.
pub(super) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.join(&b'/')
}

/// What makes a directory the same one.
pub(super) fn inode(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// What stands at a name, links not followed.
pub(super) fn stat(parent: &OwnedFd, name: &[u8]) -> io::Result<Option<Stat>> {
    match fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether something is overlayfs' mark of a file that is gone: a character device 0:0.
pub(super) fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}

/// Whether something is a directory.
pub(super) fn is_directory(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

/// Opens a directory itself, so that attributes can be set.
pub(super) fn open_directory(parent: &OwnedFd, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(fs::openat(parent, name, flags, Mode::empty())?)
}
