//! Writing the files of an archive, with bytes that depend on the content alone.

use std::io::{self, Read, Write};

use ctnr_model::Digest;

/// The path of a blob in a layout.
pub(crate) fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

/// An archive in the making.
pub(crate) struct LayoutWriter<W: Write> {
    tar: tar::Builder<W>,
}

impl<W: Write> LayoutWriter<W> {
    /// Begins an archive with its directories.
    pub(crate) fn new(out: W) -> io::Result<Self> {
        let mut writer = Self {
            tar: tar::Builder::new(out),
        };
        for path in ["blobs/", "blobs/sha256/"] {
            let mut header = header(tar::EntryType::Directory, 0o755, 0);
            writer.tar.append_data(&mut header, path, io::empty())?;
        }
        Ok(writer)
    }

    /// Adds a small file.
    pub(crate) fn file(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.stream(path, bytes.len() as u64, bytes)
    }

    /// Adds a file of exactly `size` bytes.
    pub(crate) fn stream(&mut self, path: &str, size: u64, from: impl Read) -> io::Result<()> {
        let mut header = header(tar::EntryType::Regular, 0o644, size);
        self.tar.append_data(&mut header, path, from)
    }

    /// Ends the archive and gives the writer back.
    pub(crate) fn finish(self) -> io::Result<W> {
        self.tar.into_inner()
    }
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}
