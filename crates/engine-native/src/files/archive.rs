//! Trees as tar archives.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::OwnedFd;

use ctnr_model::ContainerPath;

use super::failure::{FileFailure, On, Result};
use super::server::open_regular;

/// Writes an archive of a file, or of a directory and all below it, named by its last component.
/// Sockets are left out, since an archive can't hold them.
pub(super) fn pack(path: &ContainerPath, pipe: OwnedFd) -> Result<()> {
    let text = path.as_str();
    let mut archive = tar::Builder::new(BufWriter::with_capacity(256 * 1024, File::from(pipe)));
    archive.follow_symlinks(false);
    archive.sparse(false);
    let name = path.file_name().unwrap_or(".");
    let metadata = fs::symlink_metadata(text).on(text)?;
    if metadata.is_dir() {
        pack_directory(&mut archive, path, name)?;
    } else {
        pack_entry(&mut archive, text, name)?;
    }
    let mut writer = archive.into_inner().on(text)?;
    writer.flush().on(text)
}

fn pack_directory(
    archive: &mut tar::Builder<impl Write>,
    path: &ContainerPath,
    name: &str,
) -> Result<()> {
    // A list of what is to be done, so that a deep tree does not exhaust the stack.
    let mut waiting = vec![(path.as_str().to_owned(), name.to_owned())];
    while let Some((path, name)) = waiting.pop() {
        archive.append_dir(&name, &path).on(&path)?;
        let mut entries: Vec<_> = fs::read_dir(&path)
            .on(&path)?
            .collect::<io::Result<_>>()
            .on(&path)?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
        for entry in entries {
            let (Ok(kind), Ok(file_name)) = (entry.file_type(), entry.file_name().into_string())
            else {
                continue;
            };
            let (path, name) = (format!("{path}/{file_name}"), format!("{name}/{file_name}"));
            if kind.is_dir() {
                waiting.push((path, name));
            } else {
                match pack_entry(archive, &path, &name) {
                    // Removed since the directory was read.
                    Err(FileFailure::NotFound(_)) => {}
                    result => result?,
                }
            }
        }
    }
    Ok(())
}

fn pack_entry(archive: &mut tar::Builder<impl Write>, path: &str, name: &str) -> Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let metadata = fs::symlink_metadata(path).on(path)?;
    let kind = metadata.file_type();
    if kind.is_socket() {
        return Ok(());
    }
    if !kind.is_file() {
        return archive.append_path_with_name(path, name).on(path);
    }
    let file = open_regular(path)?;
    let metadata = file.metadata().on(path)?;
    let mut header = tar::Header::new_gnu();
    header.set_metadata(&metadata);
    // A file that shrinks or grows while it is read gets the size it had at first.
    let size = metadata.len();
    let content = file.take(size).chain(io::repeat(0)).take(size);
    archive.append_data(&mut header, name, content).on(path)
}

/// Unpacks an archive below a directory. An entry whose name leads out of it is refused.
pub(super) fn unpack(path: &ContainerPath, pipe: OwnedFd) -> Result<()> {
    let text = path.as_str();
    if !fs::metadata(text).on(text)?.is_dir() {
        return Err(FileFailure::Bad(format!("{path}: it is not a directory")));
    }
    let mut archive = tar::Archive::new(File::from(pipe));
    archive.set_preserve_permissions(true);
    archive.set_unpack_xattrs(false);
    for entry in archive.entries().on(text)? {
        let mut entry = entry.on("the archive")?;
        let name = entry
            .path()
            .on("the archive")?
            .to_string_lossy()
            .into_owned();
        if !entry.unpack_in(text).map_err(|error| cause(&name, error))? {
            return Err(FileFailure::Bad(format!(
                "{name:?} in the archive leads out of {path}; entries must not contain \"..\""
            )));
        }
    }
    Ok(())
}

/// The `tar` crate wraps the kernel's errors in its own words.
fn cause(name: &str, error: io::Error) -> FileFailure {
    let raw = error.raw_os_error().map(io::Error::from_raw_os_error);
    match Err::<(), _>(raw.unwrap_or_else(|| io::Error::new(error.kind(), error.to_string())))
        .on(name)
    {
        Err(failure) => failure,
        Ok(()) => FileFailure::Bad(name.to_owned()),
    }
}
