//! What the engine and the process in the sandbox say to each other.

use ctnr_engine::{FileChange, FileInfo};
use ctnr_model::ContainerPath;
use serde::{Deserialize, Serialize};

use super::failure::FileFailure;

/// To the process in the sandbox, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum FileRequest {
    Stat(ContainerPath),
    List(ContainerPath),
    /// Answered with [`FileReply::File`].
    Read(ContainerPath),
    /// Answered with [`FileReply::File`]; what is written to that descriptor becomes the file
    /// with [`Commit`].
    Write(ContainerPath, Option<u32>),
    Mkdir {
        path: ContainerPath,
        parents: bool,
        mode: Option<u32>,
    },
    Rename {
        from: ContainerPath,
        to: ContainerPath,
        overwrite: bool,
    },
    Remove {
        path: ContainerPath,
        recursive: bool,
    },
    /// Written to the descriptor that comes with the request.
    Archive(ContainerPath),
    /// Read from the descriptor that comes with the request.
    Extract(ContainerPath, Owners),
    /// Answered with [`FileReply::Change`]s until the connection is closed.
    Watch {
        path: ContainerPath,
        recursive: bool,
    },
}

/// Whose the files of an extracted archive become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Owners {
    /// Those that the archive names.
    Kept,
    /// The sandbox's root user, which is the only one there is.
    Root,
}

/// After a write: all of the content is there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Commit;

/// From the process in the sandbox.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FileReply {
    Done,
    Info(FileInfo),
    /// A part of a directory's entries; the last part is empty.
    Entries(Vec<FileInfo>),
    /// The file's descriptor comes along.
    File,
    Change(FileChange),
    Failed(FileFailure),
}
