//! Layer tars with the same bytes for the same content, whoever makes them and when.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use tar::{Builder, EntryType, Header};

/// The time of every file, in seconds since 1970.
const MTIME: u64 = super::CREATED_SECONDS.unsigned_abs();

/// A layer that is being written. Every entry belongs to root.
pub(super) struct Tree {
    tar: Builder<BufWriter<File>>,
}

impl Tree {
    /// Starts a layer in the file `path`.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::create_new(path).with_context(|| format!("cannot make {path:?}"))?;
        Ok(Self {
            tar: Builder::new(BufWriter::with_capacity(1 << 20, file)),
        })
    }

    /// Adds a folder.
    pub(super) fn folder(&mut self, path: &str, mode: u32) -> Result<()> {
        let mut header = header(EntryType::Directory, mode, 0);
        let added = self
            .tar
            .append_data(&mut header, format!("{path}/"), std::io::empty());
        added.with_context(|| format!("cannot add the folder {path}"))
    }

    /// Adds a file with a known content.
    pub(super) fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> Result<()> {
        let mut header = header(EntryType::Regular, mode, content.len() as u64);
        let added = self.tar.append_data(&mut header, path, content);
        added.with_context(|| format!("cannot add the file {path}"))
    }

    /// Adds a copy of the file `source` of this host.
    pub(super) fn copy(&mut self, path: &str, mode: u32, source: &Path) -> Result<()> {
        let file = File::open(source).with_context(|| format!("cannot open {source:?}"))?;
        let size = file
            .metadata()
            .with_context(|| format!("cannot stat {source:?}"))?
            .len();
        let mut header = header(EntryType::Regular, mode, size);
        let added = self.tar.append_data(&mut header, path, file);
        added.with_context(|| format!("cannot add {source:?} as {path}"))
    }

    /// Adds another name for the file `target` of this layer.
    pub(super) fn hard_link(&mut self, path: &str, target: &str) -> Result<()> {
        self.link(EntryType::Link, path, Path::new(target))
    }

    /// Adds a symbolic link with the text `target`.
    pub(super) fn symlink(&mut self, path: &str, target: &Path) -> Result<()> {
        self.link(EntryType::Symlink, path, target)
    }

    fn link(&mut self, kind: EntryType, path: &str, target: &Path) -> Result<()> {
        let mut header = header(kind, 0o777, 0);
        let added = self.tar.append_link(&mut header, path, target);
        added.with_context(|| format!("cannot add the link {path}"))
    }

    /// Adds the folder `source` of this host and all below it, as `path`. Links are copied as the
    /// text they are; of the modes only "may be executed" is kept.
    pub(super) fn copy_all(&mut self, path: &str, source: &Path) -> Result<()> {
        self.folder(path, 0o755)?;
        let listing = fs::read_dir(source).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = listing.with_context(|| format!("cannot list {source:?}"))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let host = entry.path();
            let inside = format!("{path}/{}", entry.file_name().to_string_lossy());
            let metadata = entry
                .metadata()
                .with_context(|| format!("cannot stat {host:?}"))?;
            if metadata.is_dir() {
                self.copy_all(&inside, &host)?;
            } else if metadata.is_symlink() {
                let target = fs::read_link(&host);
                self.symlink(
                    &inside,
                    &target.with_context(|| format!("cannot read {host:?}"))?,
                )?;
            } else if metadata.is_file() {
                let executable = metadata.permissions().mode() & 0o111 != 0;
                self.copy(&inside, if executable { 0o755 } else { 0o644 }, &host)?;
            }
        }
        Ok(())
    }

    /// Writes the end of the tar, and everything to the disk.
    pub(super) fn finish(self) -> Result<()> {
        let mut buffer = self.tar.into_inner().context("cannot end the layer")?;
        buffer.flush().context("cannot write the layer")
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(MTIME);
    header.set_size(size);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the same tree into a file of `dir`, and answers its bytes.
    fn write(dir: &Path, name: &str, source: &Path) -> Vec<u8> {
        let path = dir.join(name);
        let mut tree = Tree::create(&path).expect("a new file");
        tree.folder("tmp", 0o1777).expect("a folder");
        tree.file("bin/one", 0o755, b"content").expect("a file");
        tree.hard_link("bin/two", "bin/one").expect("a link");
        tree.copy_all("app", source).expect("a copy");
        tree.finish().expect("an end");
        fs::read(path).expect("the layer")
    }

    #[test]
    fn the_bytes_depend_on_the_content_alone() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let source = dir.path().join("source");
        let deep = "a".repeat(60);
        fs::create_dir_all(source.join(&deep).join(&deep)).expect("folders");
        fs::write(source.join(&deep).join(&deep).join("file"), "text").expect("a file");
        std::os::unix::fs::symlink("/etc/passwd", source.join("link")).expect("a link");
        let first = write(dir.path(), "first", &source);
        let script = source.join("script");
        fs::write(&script, "#!/bin/sh").expect("a file");
        let changed = write(dir.path(), "changed", &source);
        fs::remove_file(&script).expect("removed");
        assert_eq!(first, write(dir.path(), "second", &source));
        assert_ne!(first, changed);

        let mut archive = tar::Archive::new(first.as_slice());
        let entries: Vec<_> = archive
            .entries()
            .expect("a tar")
            .map(|entry| {
                let entry = entry.expect("an entry");
                let path = entry.path().expect("a path").to_string_lossy().into_owned();
                let link = entry.link_name().expect("a link");
                let link = link.map(|link| link.to_string_lossy().into_owned());
                (path, entry.header().mode().expect("a mode"), link)
            })
            .collect();
        assert!(entries.contains(&("tmp/".into(), 0o1777, None)));
        assert!(entries.contains(&("bin/two".into(), 0o777, Some("bin/one".into()))));
        assert!(entries.contains(&("app/link".into(), 0o777, Some("/etc/passwd".into()))));
        assert!(entries.contains(&(format!("app/{deep}/{deep}/file"), 0o644, None)));
    }
}
