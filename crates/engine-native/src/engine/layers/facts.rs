//! What is known of a layer: its file beside the layer's files.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use ctnr_model::{ContainerPath, SandboxId};
use serde::{Deserialize, Serialize};

use crate::protocol::IdMap;

/// The form of the file that this version writes.
const VERSION: u32 = 1;

/// The file's name in a layer's directory.
const FILE: &str = "layer.json";

/// What is known of a layer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    version: u32,
    /// Which ids of the host its files have on the disk.
    pub(super) ids: IdMap,
    /// The sandbox that it was, which is no more.
    pub(super) from: Option<SandboxId>,
    /// The numbers of the copied host directories that it has written to, and where they were.
    pub(super) written: Vec<(usize, ContainerPath)>,
    /// Bytes on the disk, once they were counted.
    #[serde(skip)]
    pub(super) size: OnceLock<u64>,
}

impl Facts {
    /// Of a layer in the making.
    pub(super) fn new(
        ids: IdMap,
        from: Option<SandboxId>,
        written: Vec<(usize, ContainerPath)>,
    ) -> Self {
        Self {
            version: VERSION,
            ids,
            from,
            written,
            size: OnceLock::new(),
        }
    }

    /// Writes the file of a layer that nobody sees yet.
    pub(super) fn write(&self, directory: &Path) -> io::Result<()> {
        fs::write(directory.join(FILE), serde_json::to_vec(self)?)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Where it is not there, can't be read, or a later version wrote it.
    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        let facts: Self = serde_json::from_slice(&fs::read(directory.join(FILE))?)?;
        if facts.version == VERSION {
            return Ok(facts);
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "its file has version {}, and this program knows {VERSION}",
                facts.version
            ),
        ))
    }
}
