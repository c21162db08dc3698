//! What can go wrong before the host runtime stands.

use std::path::PathBuf;

use ctnr_model::EngineKind;

/// The result of opening a part of the host runtime.
pub type Result<T> = std::result::Result<T, AgentError>;

/// The host runtime can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No directory was named and none can be derived.
    #[error(
        "no data directory: neither CONTAINERS_DATA_DIR, XDG_DATA_HOME nor HOME is set; set CONTAINERS_DATA_DIR to a directory that ctnr may fill"
    )]
    NoDataDir,
    /// The directory can't be made or used.
    #[error(
        "can't use the data directory {path}: {doing}: {cause}; set CONTAINERS_DATA_DIR to a directory that this user may write to"
    )]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// The cause.
        cause: String,
    },
    /// Another process owns the directory.
    #[error(
        "the data directory {path} is in use by {holder}; stop that process, or set CONTAINERS_DATA_DIR to another directory"
    )]
    Locked {
        /// The directory.
        path: PathBuf,
        /// `process 123`, or that it is not known.
        holder: String,
    },
    /// Another agent reports for the directory.
    #[error(
        "{holder} is the agent of the data directory {path} already; stop it, or set CONTAINERS_DATA_DIR to another directory"
    )]
    AgentRuns {
        /// The directory.
        path: PathBuf,
        /// `process 123`, or that it is not known.
        holder: String,
    },
    /// The engine is not there.
    #[error("the {kind} engine is not available on this host: {reason}")]
    EngineUnavailable {
        /// Which engine.
        kind: EngineKind,
        /// Why, and what to do.
        reason: String,
    },
}
