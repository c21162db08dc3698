//! Why something with a file failed.

use std::io;

use ctnr_engine::EngineError;
use serde::{Deserialize, Serialize};

/// A failure, as it crosses from the process in the sandbox to the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FileFailure {
    /// There is no such file.
    NotFound(String),
    /// Something is in the way.
    Conflict(String),
    /// The request makes no sense for this file.
    Bad(String),
    /// Not even the sandbox's root user may.
    Forbidden(String),
    /// The disk is full.
    Full(String),
    /// Something else, with what was being done.
    Other(String, String),
}

/// The result of a request.
pub(super) type Result<T> = std::result::Result<T, FileFailure>;

/// Says of an error which path it is about.
pub(super) trait On<T> {
    /// Turns an error into a failure about `path`.
    fn on(self, path: &str) -> Result<T>;
}

impl<T, E: Into<io::Error>> On<T> for std::result::Result<T, E> {
    fn on(self, path: &str) -> Result<T> {
        use io::ErrorKind as Kind;
        self.map_err(|error| {
            let error = error.into();
            let said = |what: &str| format!("{path}: {what}");
            match error.kind() {
                Kind::NotFound => FileFailure::NotFound(path.to_owned()),
                Kind::AlreadyExists => FileFailure::Conflict(said("it exists already")),
                Kind::DirectoryNotEmpty => FileFailure::Conflict(said(
                    "the directory is not empty; ask for it to be removed with all below it",
                )),
                Kind::ResourceBusy => FileFailure::Conflict(said("it is in use as a mount point")),
                Kind::NotADirectory if std::fs::symlink_metadata(path).is_ok() => {
                    FileFailure::Bad(said("it is not a directory"))
                }
                Kind::NotADirectory => FileFailure::NotFound(path.to_owned()),
                Kind::IsADirectory => FileFailure::Bad(said("it is a directory")),
                Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                    FileFailure::Forbidden(said("the sandbox may not change it"))
                }
                Kind::StorageFull | Kind::QuotaExceeded => {
                    FileFailure::Full(said("the disk is full"))
                }
                _ if error.raw_os_error() == Some(libc::ELOOP) => {
                    FileFailure::Bad(said("too many symbolic links"))
                }
                Kind::InvalidInput
                | Kind::InvalidFilename
                | Kind::InvalidData
                | Kind::UnexpectedEof => FileFailure::Bad(format!("{path}: {error}")),
                _ => FileFailure::Other(format!("using {path} in the sandbox"), error.to_string()),
            }
        })
    }
}

impl From<FileFailure> for EngineError {
    fn from(failure: FileFailure) -> Self {
        match failure {
            FileFailure::NotFound(path) => Self::FileNotFound { path },
            FileFailure::Conflict(message) => Self::Conflict(message),
            FileFailure::Bad(message) => Self::BadRequest(message),
            FileFailure::Forbidden(message) => Self::Forbidden(message),
            FileFailure::Full(message) => Self::Unavailable(message),
            FileFailure::Other(doing, cause) => Self::Internal { doing, cause },
        }
    }
}
