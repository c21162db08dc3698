//! The beginning of an archive that is written: directories, and the header of one file.

use std::io;

use ctnr_engine::{EngineError, Result};
use tar::{Builder, EntryType, Header};

const BLOCK: u64 = 512;

/// Attributes of an entry to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributes {
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since the epoch.
    pub(super) mtime: u64,
}

/// Builds the head of an archive.
pub(super) struct TarHead(Builder<Vec<u8>>);

impl TarHead {
    pub(super) fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// Adds a directory.
    pub(super) fn directory(&mut self, path: &str, attributes: Attributes) -> Result<()> {
        self.append(EntryType::Directory, path, attributes, 0)
    }

    /// Adds the header of a file of `size` bytes, which have to follow. Returns the bytes before
    /// and behind its content.
    pub(super) fn file(
        mut self,
        path: &str,
        attributes: Attributes,
        size: u64,
    ) -> Result<(Vec<u8>, Vec<u8>)> {
        self.append(EntryType::Regular, path, attributes, size)?;
        let head = self.0.get_ref().clone();
        let padding = size.next_multiple_of(BLOCK) - size;
        // Two empty blocks end an archive (pax, "ustar Interchange Format").
        let tail = vec![0; usize::try_from(padding + 2 * BLOCK).unwrap_or(0)];
        Ok((head, tail))
    }

    /// The archive without a file.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        self.0.into_inner().map_err(failed)
    }

    fn append(
        &mut self,
        entry_type: EntryType,
        path: &str,
        attributes: Attributes,
        size: u64,
    ) -> Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(entry_type);
        header.set_mode(attributes.mode & 0o7777);
        header.set_uid(attributes.uid.into());
        header.set_gid(attributes.gid.into());
        header.set_mtime(attributes.mtime);
        header.set_size(size);
        self.0
            .append_data(&mut header, path, io::empty())
            .map_err(failed)
    }
}

fn failed(error: io::Error) -> EngineError {
    EngineError::internal("writing an archive for the sandbox", error)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn head_content_and_tail_are_an_archive() {
        let attributes = Attributes {
            mode: 0o640,
            uid: 1000,
            gid: 100,
            mtime: 7,
        };
        let mut head = TarHead::new();
        head.directory("a", attributes).unwrap();
        let name = format!("a/{}", "n".repeat(200));
        let (head, tail) = head.file(&name, attributes, 3).unwrap();
        let bytes = [head, b"xyz".to_vec(), tail].concat();
        assert_eq!(bytes.len() % 512, 0);
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut entries = archive.entries().unwrap();
        let directory = entries.next().unwrap().unwrap();
        assert!(directory.header().entry_type().is_dir());
        let mut file = entries.next().unwrap().unwrap();
        assert_eq!(file.path().unwrap().to_str().unwrap(), name);
        assert_eq!(file.header().mode().unwrap(), 0o640);
        assert_eq!(file.header().uid().unwrap(), 1000);
        let mut content = String::new();
        file.read_to_string(&mut content).unwrap();
        assert_eq!(content, "xyz");
    }
}
