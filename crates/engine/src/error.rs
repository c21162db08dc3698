//! What can go wrong in an engine, by what the caller can do about it.

use ctnr_model::{ContainerPort, ExecId, Invalid, LayerId, ProcessError};

use crate::Capability;

/// The result of an engine's work.
pub type Result<T> = std::result::Result<T, EngineError>;

/// An engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No such sandbox in this engine.
    #[error("sandbox not found")]
    SandboxNotFound,
    /// No such command in this sandbox.
    #[error("exec {0} not found in this sandbox")]
    ExecNotFound(ExecId),
    /// No such image in this engine.
    #[error("image {reference} not found; pull or import it first")]
    ImageNotFound {
        /// The name or id as the user wrote it.
        reference: String,
    },
    /// No such layer in this engine.
    #[error("layer {} not found", .0.short())]
    LayerNotFound(LayerId),
    /// A registry has nothing of that name.
    #[error("{0}")]
    NotInRegistry(String),
    /// No such file in the sandbox.
    #[error("no such file or directory in the sandbox: {path}")]
    FileNotFound {
        /// The path.
        path: String,
    },
    /// The sandbox has to run for this, and does not.
    #[error("the sandbox is not running; start it with restart")]
    NotRunning,
    /// Something else already has the name, the file, or the state.
    #[error("{0}")]
    Conflict(String),
    /// The host's port is in use.
    #[error(
        "host port {host_port} for {container} is already in use; choose another, or leave it out for a free one"
    )]
    PortTaken {
        /// The sandbox's port.
        container: ContainerPort,
        /// The host's port.
        host_port: u16,
    },
    /// The program does not exist in the image (shells' exit code 127).
    #[error("{program}: command not found in the sandbox")]
    CommandNotFound {
        /// The program as it was asked for.
        program: String,
    },
    /// The program exists and can't be run (shells' exit code 126).
    #[error("{program}: {reason}")]
    CommandNotExecutable {
        /// The program as it was asked for.
        program: String,
        /// Why not.
        reason: String,
    },
    /// The request is wrong in itself.
    #[error("{0}")]
    BadRequest(String),
    /// What was sent is larger than what is taken.
    #[error("{0}")]
    TooLarge(String),
    /// The engine can't do it.
    #[error("this engine can't do it: no {capability}; {remedy}")]
    Unsupported {
        /// What is missing.
        capability: Capability,
        /// What the user can do.
        remedy: &'static str,
    },
    /// The engine, its daemon or a registry does not answer.
    #[error("{0}")]
    Unavailable(String),
    /// A peer refused the engine's credentials.
    #[error("{0}")]
    Forbidden(String),
    /// It took too long.
    #[error("{0}")]
    Timeout(String),
    /// Anything else: what was being done, and the cause.
    #[error("{doing}: {cause}")]
    Internal {
        /// What was being done, to what.
        doing: String,
        /// The cause.
        cause: String,
    },
}

impl EngineError {
    /// An unexpected failure: what was being done, and why it failed.
    pub fn internal(doing: impl Into<String>, cause: impl std::fmt::Display) -> Self {
        Self::Internal {
            doing: doing.into(),
            cause: cause.to_string(),
        }
    }

    /// Something was being done on the host's disk, which failed: unexpectedly, or because the
    /// disk is full.
    #[must_use]
    pub fn on_disk(doing: &str, error: &std::io::Error) -> Self {
        if is_disk_full(error) {
            Self::disk_full(doing)
        } else {
            Self::internal(doing, error)
        }
    }

    /// There is no room on the host's disk for what was being done.
    #[must_use]
    pub fn disk_full(doing: &str) -> Self {
        Self::Unavailable(format!(
            "{doing}: no space is left on the host's disk; delete what is not needed, and try again"
        ))
    }
}

/// Whether an error says that the disk is full, or as full as a quota allows.
#[must_use]
pub fn is_disk_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

impl From<Invalid> for EngineError {
    fn from(invalid: Invalid) -> Self {
        Self::BadRequest(invalid.to_string())
    }
}

impl From<ProcessError> for EngineError {
    fn from(error: ProcessError) -> Self {
        Self::BadRequest(error.to_string())
    }
}
