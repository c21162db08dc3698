//! A directory that overlayfs has written, as a tar (OCI image specification, "Image Layer
//! Filesystem Changeset"; kernel documentation, "Overlay Filesystem").

use std::collections::HashMap;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::owned::OwnedPack;
use crate::ImageError;
use crate::limits::Limits;
use crate::unpack::Privilege;

/// The mark of a file that is gone.
const WHITEOUT: &[u8] = b".wh.";
/// The mark of a directory that hides what is below it.
const OPAQUE: &[u8] = b".wh..wh..opq";
/// The longest name that is unpacked again (Linux `PATH_MAX`, without its NUL).
const NAME_MAX: usize = 4095;
/// The latest time of a header, in seconds since 1970: eleven octal digits.
const TIME_MAX: i64 = 0o77_777_777_777;
/// The largest value of an extended attribute on Linux (`XATTR_SIZE_MAX`).
const VALUE_MAX: usize = 64 * 1024;

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Writes the tar.
pub(super) fn write(
    options: &OwnedPack,
    privilege: Privilege,
    limits: &Limits,
    out: impl Write,
) -> Result<(), ImageError> {
    let mut changes = Changes {
        tar: tar::Builder::new(out),
        opaque: privilege.opaque(),
        limits,
        linked: HashMap::new(),
        files: 0,
        bytes: 0,
        path: Vec::new(),
    };
    let failed = |error| ImageError::io("pack the layer in", &options.layer, error);
    if let Some(root) = find(options).map_err(failed)? {
        changes.walk(root, &options.only).map_err(failed)?;
    }
    let finished = changes.tar.into_inner();
    finished.and_then(|mut out| out.flush()).map_err(failed)
}

/// The directory that names are relative to; none where the layer has nothing there.
fn find(options: &OwnedPack) -> io::Result<Option<OwnedFd>> {
    let mut at = fs::open(&options.layer, DIRECTORY, Mode::empty())?;
    let parts = options.at.as_str().split('/');
    for part in parts.filter(|part| !part.is_empty()) {
        at = match fs::openat(&at, part, DIRECTORY, Mode::empty()) {
            Ok(inner) => inner,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                return Err(unsupported(
                    format!("{} that is no directory", options.at),
                    "reset the container, or roll it back to a snapshot from before",
                ));
            }
            Err(error) => return Err(error.into()),
        };
    }
    Ok(Some(at))
}

/// A tar in the making.
struct Changes<'a, W: Write> {
    tar: tar::Builder<W>,
    opaque: &'static str,
    limits: &'a Limits,
    /// The first names of files that have several, by device and inode.
    linked: HashMap<(u64, u64), Vec<u8>>,
    files: u64,
    bytes: u64,
    /// The name of the directory at hand.
    path: Vec<u8>,
}

impl<W: Write> Changes<'_, W> {
    /// Writes everything below a directory. It goes up by `..`, since the tree may be deeper than
    /// a stack or the number of descriptors allow.
    fn walk(&mut self, root: OwnedFd, only: &[String]) -> io::Result<()> {
        let mut here = root;
        if self.is_opaque(&here)? {
            return Err(unsupported(
                "a layer that hides everything below it".to_owned(),
                "reset the container, or roll it back to a snapshot from before",
            ));
        }
        let mut top = sorted(&here)?;
        top.retain(|name| {
            only.is_empty() || only.iter().any(|one| one.as_bytes() == name.to_bytes())
        });
        // What is still to be written of each directory on the way down, the next at the end.
        let mut pending = vec![top];
        while let Some(names) = pending.last_mut() {
            let Some(name) = names.pop() else {
                pending.pop();
                let above = self.path.iter().rposition(|byte| *byte == b'/');
                self.path.truncate(above.unwrap_or(0));
                if !pending.is_empty() {
                    here = fs::openat(&here, "..", DIRECTORY, Mode::empty())?;
                }
                continue;
            };
            if let Some(inner) = self.entry(&here, &name)? {
                pending.push(sorted(&inner)?);
                self.path = self.join(name.to_bytes());
                here = inner;
            }
        }
        Ok(())
    }

    /// Writes an entry of a directory; gives it where it is one itself.
    fn entry(&mut self, parent: &OwnedFd, name: &CStr) -> io::Result<Option<OwnedFd>> {
        let path = self.join(name.to_bytes());
        if path.len() + OPAQUE.len() > NAME_MAX {
            return Err(unsupported(
                format!("a path of more than {} bytes", NAME_MAX - OPAQUE.len()),
                "move the files closer to the root of the drive",
            ));
        }
        if name.to_bytes().starts_with(WHITEOUT) {
            return Err(unsupported(
                format!("a file named {}", String::from_utf8_lossy(&path)),
                "rename it: names that begin with .wh. mean removed files in layers",
            ));
        }
        let stat = fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        self.count()?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let directory = fs::openat(parent, name, DIRECTORY, Mode::empty())?;
                self.directory(&directory, &path, &stat)?;
                return Ok(Some(directory));
            }
            FileType::RegularFile => self.file(parent, name, &path, &stat)?,
            FileType::Symlink => self.symlink(parent, name, &path, &stat)?,
            FileType::CharacterDevice if stat.st_rdev == 0 => {
                let gone = self.join(&[WHITEOUT, name.to_bytes()].concat());
                self.mark(&gone)?;
            }
            // Devices, sockets and pipes belong to a run and not to a program.
            _ => {}
        }
        Ok(None)
    }

    fn directory(&mut self, directory: &OwnedFd, path: &[u8], stat: &Stat) -> io::Result<()> {
        self.attributes(directory)?;
        let mut header = header(tar::EntryType::Directory, stat, 0);
        let name = [path, b"/"].concat();
        self.tar
            .append_data(&mut header, as_path(&name), io::empty())?;
        if self.is_opaque(directory)? {
            self.mark(&[&name, OPAQUE].concat())?;
        }
        Ok(())
    }

    fn file(&mut self, parent: &OwnedFd, name: &CStr, path: &[u8], stat: &Stat) -> io::Result<()> {
        if stat.st_nlink > 1 {
            if let Some(first) = self.linked.get(&(stat.st_dev, stat.st_ino)) {
                let mut header = header(tar::EntryType::Link, stat, 0);
                let first = first.clone();
                return self
                    .tar
                    .append_link(&mut header, as_path(path), as_path(&first));
            }
            let inode = (stat.st_dev, stat.st_ino);
            self.linked.insert(inode, path.to_vec());
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.total.bytes() {
            return Err(ImageError::TooLarge {
                what: "the layer with its files".to_owned(),
                limit: self.limits.total.to_string(),
                advice: "remove large files from the container first",
            }
            .into());
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = fs::openat(parent, name, flags, Mode::empty())?;
        self.attributes(&file)?;
        let mut header = header(tar::EntryType::Regular, stat, size);
        let mut data = File::from(file).take(size);
        self.tar
            .append_data(&mut header, as_path(path), &mut data)?;
        if data.limit() > 0 {
            let shown = String::from_utf8_lossy(path).into_owned();
            return Err(io::Error::other(format!(
                "{shown} became shorter meanwhile"
            )));
        }
        Ok(())
    }

    fn symlink(
        &mut self,
        parent: &OwnedFd,
        name: &CStr,
        path: &[u8],
        stat: &Stat,
    ) -> io::Result<()> {
        let target = fs::readlinkat(parent, name, Vec::new())?;
        let mut header = header(tar::EntryType::Symlink, stat, 0);
        header.set_mode(0o777);
        self.tar
            .append_link(&mut header, as_path(path), as_path(target.to_bytes()))
    }

    /// Writes a mark for what lies below.
    fn mark(&mut self, path: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        for set in [
            tar::Header::set_uid,
            tar::Header::set_gid,
            tar::Header::set_mtime,
        ] {
            set(&mut header, 0);
        }
        header.set_mode(0);
        header.set_size(0);
        self.tar
            .append_data(&mut header, as_path(path), io::empty())
    }

    /// Writes the extended attributes of the entry that comes next.
    fn attributes(&mut self, file: &OwnedFd) -> io::Result<()> {
        let length = match fs::flistxattr_query(file) {
            Ok(0) | Err(Errno::OPNOTSUPP) => return Ok(()),
            Ok(length) => length,
            Err(error) => return Err(error.into()),
        };
        let mut names = vec![0; length];
        let length = fs::flistxattr(file, &mut names[..])?;
        names.truncate(length);
        let mut names: Vec<&str> = names
            .split(|byte| *byte == 0)
            .filter_map(|name| std::str::from_utf8(name).ok())
            .filter(|name| name.starts_with("user.") && !name.starts_with("user.overlay."))
            // A record's key ends at the first of these.
            .filter(|name| !name.contains(['=', '\n']))
            .collect();
        names.sort_unstable();
        let mut records = Vec::new();
        for name in names {
            let mut value = vec![0; VALUE_MAX];
            let length = fs::fgetxattr(file, name, &mut value[..])?;
            value.truncate(length);
            records.push((format!("SCHILY.xattr.{name}"), value));
        }
        if records.is_empty() {
            return Ok(());
        }
        let records = records
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_slice()));
        self.tar.append_pax_extensions(records)
    }

    fn is_opaque(&self, directory: &OwnedFd) -> io::Result<bool> {
        let mut value = [0; 16];
        match fs::fgetxattr(directory, self.opaque, &mut value[..]) {
            Ok(length) => Ok(value[..length] == *b"y"),
            Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn count(&mut self) -> io::Result<()> {
        self.files += 1;
        if self.files <= self.limits.files {
            return Ok(());
        }
        Err(ImageError::TooLarge {
            what: "the number of files of the layer".to_owned(),
            limit: format!("{} files", self.limits.files),
            advice: "remove files from the container first",
        }
        .into())
    }

    fn join(&self, name: &[u8]) -> Vec<u8> {
        if self.path.is_empty() {
            return name.to_vec();
        }
        [&self.path, &b"/"[..], name].concat()
    }
}

/// The names in a directory, the last one first.
fn sorted(directory: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

fn header(kind: tar::EntryType, stat: &Stat, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(stat.st_mode & 0o777);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(stat.st_mtime.clamp(0, TIME_MAX).cast_unsigned());
    header.set_size(size);
    header
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn unsupported(what: String, advice: &str) -> io::Error {
    ImageError::Unsupported {
        what,
        advice: advice.to_owned(),
    }
    .into()
}
