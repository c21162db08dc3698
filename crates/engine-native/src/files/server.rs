//! The process in the sandbox.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use ctnr_model::ContainerPath;
use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};

use super::failure::{FileFailure, On, Result};
use super::protocol::{FileReply, FileRequest, Owners};
use super::{archive, info, watch, write};
use crate::protocol::Failure;
use crate::remove::remove_tree;
use crate::wire;

/// The permissions of a directory that is made, where none are asked for.
const DIRECTORY_MODE: u32 = 0o755;

/// How many entries of a directory are sent at once.
const ENTRIES: usize = 1024;

/// Serves one request on `socket`. The calling process is inside the sandbox, as root there.
pub(crate) fn serve(socket: OwnedFd) {
    // Modes are meant as they are given.
    rustix::process::umask(rustix::fs::Mode::empty());
    let Ok(Some((request, fds))) = wire::recv::<FileRequest>(&socket) else {
        return;
    };
    let reply = answer(&socket, request, fds).unwrap_or_else(FileReply::Failed);
    // A caller who has left needs no answer.
    let _ = wire::send(&socket, &reply, &[]);
}

/// Answers one request with why the sandbox's files can't be reached.
pub(crate) fn refuse(socket: OwnedFd, failure: Failure) {
    let Ok(Some(_)) = wire::recv::<FileRequest>(&socket) else {
        return;
    };
    let failure = FileFailure::Other("opening the sandbox's files".into(), format!("{failure:?}"));
    let _ = wire::send(&socket, &FileReply::Failed(failure), &[]);
}

fn answer(socket: &OwnedFd, request: FileRequest, fds: Vec<OwnedFd>) -> Result<FileReply> {
    let pipe = fds.into_iter().next();
    let missing = || FileFailure::Other("moving a file".into(), "no pipe came along".into());
    match request {
        FileRequest::Stat(path) => return info::stat(path.as_str()).map(FileReply::Info),
        FileRequest::List(path) => {
            for part in info::list(path.as_str())?.chunks(ENTRIES) {
                wire::send(socket, &FileReply::Entries(part.to_vec()), &[]).on(path.as_str())?;
            }
            return Ok(FileReply::Entries(Vec::new()));
        }
        FileRequest::Read(path) => {
            let file = open_regular(path.as_str())?;
            wire::send(socket, &FileReply::File, &[file.as_fd()]).on(path.as_str())?;
        }
        FileRequest::Write(path, mode) => write::write(socket, path.as_str(), mode)?,
        FileRequest::Mkdir {
            path,
            parents,
            mode,
        } => mkdir(&path, parents, mode)?,
        FileRequest::Rename {
            from,
            to,
            overwrite,
        } => rename(&from, &to, overwrite)?,
        FileRequest::Remove { path, recursive } => remove(&path, recursive)?,
        FileRequest::Archive(path) => archive::pack(&path, pipe.ok_or_else(missing)?)?,
        FileRequest::Extract(path, owners) => {
            archive::unpack(&path, owners == Owners::Kept, pipe.ok_or_else(missing)?)?
        }
        FileRequest::Watch { path, recursive } => watch::watch(socket, &path, recursive)?,
    }
    Ok(FileReply::Done)
}

/// Opens a regular file for reading. A pipe or a terminal in its place does not make the process
/// wait, and is refused.
pub(super) fn open_regular(path: &str) -> Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::options()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
        .open(path)
        .on(path)?;
    let metadata = file.metadata().on(path)?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory)).on(path);
    }
    if !metadata.is_file() {
        return Err(FileFailure::Bad(format!(
            "{path}: it is not a regular file"
        )));
    }
    Ok(file)
}

fn mkdir(path: &ContainerPath, parents: bool, mode: Option<u32>) -> Result<()> {
    let text = path.as_str();
    let existed = fs::metadata(text).is_ok_and(|metadata| metadata.is_dir());
    let mode = mode.unwrap_or(DIRECTORY_MODE) & 0o7777;
    DirBuilder::new()
        .recursive(parents)
        .mode(DIRECTORY_MODE)
        .create(text)
        .on(text)?;
    if !existed {
        fs::set_permissions(text, fs::Permissions::from_mode(mode)).on(text)?;
    }
    Ok(())
}

fn rename(from: &ContainerPath, to: &ContainerPath, overwrite: bool) -> Result<()> {
    let flags = if overwrite {
        RenameFlags::empty()
    } else {
        RenameFlags::NOREPLACE
    };
    match renameat_with(CWD, from.as_str(), CWD, to.as_str(), flags) {
        Err(rustix::io::Errno::EXIST | rustix::io::Errno::NOTEMPTY) => Err(FileFailure::Conflict(
            format!("{to}: it exists already; ask for it to be replaced"),
        )),
        Err(rustix::io::Errno::INVAL) => Err(FileFailure::Bad(format!(
            "{from}: a directory can't be moved into itself"
        ))),
        // The kernel does not say which of the two is missing.
        Err(rustix::io::Errno::NOENT) if fs::symlink_metadata(from.as_str()).is_ok() => Err(
            FileFailure::NotFound(to.parent().unwrap_or(to.clone()).as_str().to_owned()),
        ),
        result => result.on(from.as_str()),
    }
}

fn remove(path: &ContainerPath, recursive: bool) -> Result<()> {
    let text = path.as_str();
    if path.parent().is_none() {
        return Err(FileFailure::Bad("/: the root can't be removed".to_owned()));
    }
    if !fs::symlink_metadata(text).on(text)?.is_dir() {
        fs::remove_file(text).on(text)
    } else if recursive {
        remove_tree(Path::new(text)).on(text)
    } else {
        fs::remove_dir(text).on(text)
    }
}
