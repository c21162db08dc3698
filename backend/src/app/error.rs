//! What can go wrong in a use case, by what the caller can do about it.

use ctnr_agent::AgentError;
use ctnr_engine::EngineError;
use ctnr_images::ImageError;
use ctnr_model::{Invalid, SandboxQuery};

use crate::store::StoreError;

/// The result of a use case.
pub type Result<T> = std::result::Result<T, AppError>;

/// A use case could not be done. Every message says what to do, and may be shown to the caller.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The request is wrong in itself.
    #[error("{0}")]
    BadRequest(String),
    /// What the request is about does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The request does not fit the present state: a name or port is taken, a sandbox does not
    /// run, an image is in use.
    #[error("{0}")]
    Conflict(String),
    /// The program does not exist in the sandbox (shells' exit code 127).
    #[error("{0}")]
    CommandNotFound(String),
    /// The program exists and can't be run (shells' exit code 126).
    #[error("{0}")]
    CommandNotExecutable(String),
    /// What was sent is larger than what is taken.
    #[error("{0}")]
    TooLarge(String),
    /// The engine can't do it.
    #[error("{0}")]
    Unsupported(String),
    /// It took too long.
    #[error("{0}")]
    Timeout(String),
    /// The database, an engine or a registry does not answer; trying again later may help.
    #[error("{0}")]
    Unavailable(String),
    /// The caller may not do it, or a registry refused the credentials.
    #[error("{0}")]
    Forbidden(String),
    /// Anything else.
    #[error("{0}")]
    Internal(String),
}

impl AppError {
    /// No sandbox answers to the query. The specification gives the wording.
    pub(crate) fn sandbox_not_found() -> Self {
        Self::NotFound("sandbox not found".to_owned())
    }

    /// Several sandboxes answer to the query.
    pub(crate) fn ambiguous(query: &SandboxQuery, candidates: u64) -> Self {
        Self::Conflict(format!(
            "{candidates} sandboxes have ids that begin with {}; give more digits",
            query.as_str()
        ))
    }
}

impl From<EngineError> for AppError {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::SandboxNotFound
            | EngineError::ExecNotFound(_)
            | EngineError::ImageNotFound { .. }
            | EngineError::LayerNotFound(_)
            | EngineError::NotInRegistry(_)
            | EngineError::FileNotFound { .. } => Self::NotFound(message),
            EngineError::NotRunning | EngineError::Conflict(_) | EngineError::PortTaken { .. } => {
                Self::Conflict(message)
            }
            EngineError::CommandNotFound { .. } => Self::CommandNotFound(message),
            EngineError::CommandNotExecutable { .. } => Self::CommandNotExecutable(message),
            EngineError::BadRequest(_) => Self::BadRequest(message),
            EngineError::TooLarge(_) => Self::TooLarge(message),
            EngineError::Unsupported { .. } => Self::Unsupported(message),
            EngineError::Unavailable(_) => Self::Unavailable(message),
            EngineError::Forbidden(_) => Self::Forbidden(message),
            EngineError::Timeout(_) => Self::Timeout(message),
            EngineError::Internal { .. } => Self::Internal(message),
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NameTaken { .. }
            | StoreError::ContainerNameTaken { .. }
            | StoreError::ContainerChanged { .. }
            | StoreError::KeyNameTaken { .. }
            | StoreError::TooManyKeys { .. }
            | StoreError::KeyReused => Self::Conflict(message),
            StoreError::LayerMissing { .. } => Self::NotFound(message),
            // Whoever holds the job by now tries again: it is no fault of the job.
            StoreError::LeaseLost { .. }
            | StoreError::Unavailable { .. }
            | StoreError::Full { .. } => Self::Unavailable(message),
            StoreError::BadCursor => Self::BadRequest(message),
            StoreError::Address { .. }
            | StoreError::Elsewhere { .. }
            | StoreError::Record { .. }
            | StoreError::Migration { .. }
            | StoreError::Damaged { .. }
            | StoreError::Database { .. } => Self::Internal(message),
        }
    }
}

impl From<ImageError> for AppError {
    fn from(error: ImageError) -> Self {
        let message = error.to_string();
        match error {
            ImageError::NotFound { .. } | ImageError::NotInRegistry { .. } => {
                Self::NotFound(message)
            }
            ImageError::Corrupt { .. }
            | ImageError::DigestMismatch { .. }
            | ImageError::Unsupported { .. }
            | ImageError::Cancelled { .. } => Self::BadRequest(message),
            ImageError::TooLarge { .. } => Self::TooLarge(message),
            ImageError::NoSpace { .. } | ImageError::Registry { .. } => Self::Unavailable(message),
            ImageError::Unauthorized { .. } => Self::Forbidden(message),
            ImageError::TimedOut { .. } => Self::Timeout(message),
            _ => Self::Internal(message),
        }
    }
}

impl From<AgentError> for AppError {
    fn from(error: AgentError) -> Self {
        match &error {
            AgentError::EngineUnavailable { .. } => Self::Unavailable(error.to_string()),
            _ => Self::Internal(error.to_string()),
        }
    }
}

impl From<Invalid> for AppError {
    fn from(error: Invalid) -> Self {
        Self::BadRequest(error.to_string())
    }
}
