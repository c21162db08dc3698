//! Trees as tar archives.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;

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
    let mut links = Links::default();
    let packed = if metadata.is_dir() {
        pack_directory(&mut archive, &mut links, path, name)
    } else {
        pack_entry(&mut archive, &mut links, text, name)
    };
    if packed.is_err() {
        // Dropped, the builder would end the archive as if it were whole.
        std::mem::forget(archive);
        return packed;
    }
    let mut writer = archive.into_inner().on(text)?;
    writer.flush().on(text)
}

/// The names of files that have several, by device and number.
#[derive(Default)]
struct Links(HashMap<(u64, u64), String>);

impl Links {
    /// The name under which the archive has a file already; else `name` is remembered.
    fn known(&mut self, metadata: &fs::Metadata, name: &str) -> Option<String> {
        if metadata.nlink() < 2 {
            return None;
        }
        match self.0.entry((metadata.dev(), metadata.ino())) {
            Entry::Occupied(known) => Some(known.get().clone()),
            Entry::Vacant(new) => {
                new.insert(name.to_owned());
                None
            }
        }
    }
}

fn pack_directory(
    archive: &mut tar::Builder<impl Write>,
    links: &mut Links,
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
                match pack_entry(archive, links, &path, &name) {
                    // Removed since the directory was read.
                    Err(FileFailure::NotFound(_)) => {}
                    result => result?,
                }
            }
        }
    }
    Ok(())
}

fn pack_entry(
    archive: &mut tar::Builder<impl Write>,
    links: &mut Links,
    path: &str,
    name: &str,
) -> Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let metadata = fs::symlink_metadata(path).on(path)?;
    let kind = metadata.file_type();
    if kind.is_socket() {
        return Ok(());
    }
    if kind.is_symlink() {
        return archive.append_path_with_name(path, name).on(path);
    }
    if !kind.is_file() {
        // The crate refuses to name pipes and devices otherwise than by their own path.
        let mut header = tar::Header::new_gnu();
        header.set_metadata(&metadata);
        header.set_size(0);
        return archive.append_data(&mut header, name, io::empty()).on(path);
    }
    let file = open_regular(path)?;
    let metadata = file.metadata().on(path)?;
    let mut header = tar::Header::new_gnu();
    header.set_metadata(&metadata);
    if let Some(first) = links.known(&metadata, name) {
        header.set_entry_type(tar::EntryType::Link);
        header.set_size(0);
        return archive.append_link(&mut header, name, first).on(path);
    }
    // A file that shrinks or grows while it is read gets the size it had at first.
    let size = metadata.len();
    let content = file.take(size).chain(io::repeat(0)).take(size);
    archive.append_data(&mut header, name, content).on(path)
}

/// Unpacks an archive below a directory. An entry whose name leads out of it is refused.
/// `owners` tells whether files get the owners that the archive gives them, or the sandbox's root.
pub(super) fn unpack(path: &ContainerPath, owners: bool, pipe: OwnedFd) -> Result<()> {
    let text = path.as_str();
    if !fs::metadata(text).on(text)?.is_dir() {
        return Err(FileFailure::Bad(format!("{path}: it is not a directory")));
    }
    let mut archive = tar::Archive::new(File::from(pipe));
    archive.set_preserve_permissions(true);
    archive.set_preserve_ownerships(owners);
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
