//! Making the files that a layer's entries describe.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};

use super::attributes;
use super::name::Name;
use super::tree::{Finish, Tree, inode, is_directory, is_whiteout, join, open_directory, stat};
use crate::tarball::{Entry, Kind};

/// Makes what a plain entry describes, in place of what stood there. False where it was left out,
/// since only root may make devices.
pub(super) fn create(
    tree: &mut Tree,
    parents: &[&[u8]],
    name: &[u8],
    entry: &Entry,
    data: &mut impl Read,
) -> io::Result<bool> {
    let privilege = tree.privilege;
    match entry.kind {
        Kind::Directory => directory(tree, parents, name, entry)?,
        Kind::HardLink => hard_link(tree, parents, name, entry)?,
        Kind::File => {
            let parent = make_room(tree, parents, name)?;
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let fd = fs::openat(
                &*parent,
                name,
                flags | OFlags::NOFOLLOW,
                Mode::RUSR | Mode::WUSR,
            )?;
            let fd = write(File::from(fd), entry, data)?;
            attributes::set(&fd, entry, privilege)?;
        }
        Kind::Symlink => {
            let parent = make_room(tree, parents, name)?;
            fs::symlinkat(entry.link.as_slice(), &*parent, name)?;
            attributes::set_at(&parent, name, entry, privilege, false)?;
        }
        Kind::Fifo => {
            let parent = make_room(tree, parents, name)?;
            fs::mknodat(&*parent, name, FileType::Fifo, Mode::empty(), 0)?;
            attributes::set_at(&parent, name, entry, privilege, true)?;
        }
        Kind::Char | Kind::Block => {
            let (major, minor) = entry.device;
            let kind = match entry.kind {
                Kind::Char => FileType::CharacterDevice,
                _ => FileType::BlockDevice,
            };
            // A character device 0:0 does not exist, and would hide a file of a lower layer.
            let hides = (kind, major, minor) == (FileType::CharacterDevice, 0, 0);
            if !tree.has_devices() || hides {
                return Ok(false);
            }
            let parent = make_room(tree, parents, name)?;
            fs::mknodat(
                &*parent,
                name,
                kind,
                Mode::empty(),
                fs::makedev(major, minor),
            )?;
            attributes::set_at(&parent, name, entry, privilege, true)?;
        }
        Kind::Other(kind) => {
            let message = format!("it has an entry of the unknown type {:?}", char::from(kind));
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
    }
    Ok(true)
}

/// The directory of a name at which nothing stands any more.
fn make_room(tree: &mut Tree, parents: &[&[u8]], name: &[u8]) -> io::Result<std::rc::Rc<OwnedFd>> {
    let parent = tree.directory(parents)?;
    if let Some(found) = stat(&parent, name)? {
        tree.remove(&parent, name, &found)?;
    }
    Ok(parent)
}

fn directory(tree: &mut Tree, parents: &[&[u8]], name: &[u8], entry: &Entry) -> io::Result<()> {
    let parent = tree.directory(parents)?;
    let found = stat(&parent, name)?;
    let whiteout = found.as_ref().is_some_and(is_whiteout);
    match &found {
        Some(found) if is_directory(found) => {}
        Some(found) => {
            tree.remove(&parent, name, found)?;
            fs::mkdirat(&*parent, name, Mode::RWXU)?;
        }
        None => fs::mkdirat(&*parent, name, Mode::RWXU)?,
    }
    let fd = open_directory(&parent, name)?;
    if whiteout {
        tree.mark_opaque(&fd)?;
    }
    let path = join(&[parents, &[name]].concat());
    describe(tree, path, &fd, entry)
}

/// Gives the layer's root what its entry says.
pub(super) fn root(tree: &mut Tree, entry: &Entry) -> io::Result<()> {
    if entry.kind != Kind::Directory {
        let message = "its root is not a directory";
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    let parent = tree.directory(&[])?;
    let fd = open_directory(&parent, b".")?;
    describe(tree, Vec::new(), &fd, entry)
}

fn describe(tree: &mut Tree, path: Vec<u8>, fd: &OwnedFd, entry: &Entry) -> io::Result<()> {
    attributes::set_owner_and_xattrs(fd, entry, tree.privilege)?;
    let inode = inode(&fs::fstat(fd)?);
    tree.finish_later(
        path,
        Finish {
            inode,
            mode: entry.mode,
            mtime: entry.mtime,
        },
    )
}

fn hard_link(tree: &mut Tree, parents: &[&[u8]], name: &[u8], entry: &Entry) -> io::Result<()> {
    let missing = || {
        let target = String::from_utf8_lossy(&entry.link)
            .chars()
            .take(200)
            .collect::<String>();
        let message = format!("it has a hard link to {target:?}, which is no file of it");
        io::Error::new(io::ErrorKind::InvalidData, message)
    };
    let Name::Plain {
        parents: above,
        name: target,
    } = Name::parse(&entry.link)?
    else {
        return Err(missing());
    };
    let from = tree.directory(&above)?;
    let source = stat(&from, target)?.ok_or_else(missing)?;
    if is_directory(&source) || is_whiteout(&source) {
        return Err(missing());
    }
    let parent = tree.directory(parents)?;
    if let Some(found) = stat(&parent, name)? {
        if inode(&found) == inode(&source) {
            return Ok(());
        }
        tree.remove(&parent, name, &found)?;
    }
    Ok(fs::linkat(
        &*from,
        target,
        &*parent,
        name,
        AtFlags::empty(),
    )?)
}

/// Writes a file's data, with its holes left out.
fn write(mut file: File, entry: &Entry, data: &mut impl Read) -> io::Result<OwnedFd> {
    let Some(extents) = &entry.extents else {
        io::copy(data, &mut file)?;
        return Ok(file.into());
    };
    for extent in extents {
        file.seek(SeekFrom::Start(extent.offset))?;
        let copied = io::copy(&mut data.take(extent.length), &mut file)?;
        if copied != extent.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    file.flush()?;
    file.set_len(entry.size)?;
    Ok(file.into())
}
