//! What runs sandboxes.
//!
//! [`SandboxEngine`] is the one boundary between the control plane and whatever runs programs:
//! ctnr's own engine, Docker, a cluster. It is small; what only some engines can do is a
//! [`Capability`], asked for up front and refused by name. Retries, metrics and persistence are the
//! caller's. With feature `contract` the crate brings the behaviour suite that every engine passes.
#![warn(missing_docs)]

mod capability;
#[cfg(feature = "contract")]
pub mod contract;
mod engine;
mod error;
mod exec;
mod files;
mod images;
mod layers;
mod logs;
mod stats;

pub use capability::{Capabilities, Capability};
pub use engine::{
    Connection, Inspection, NetworkInspection, Observed, SandboxEngine, SandboxExit, Started,
    Stream,
};
pub use error::{EngineError, Result, is_disk_full};
pub use exec::{
    ExecControl, ExecInfo, ExecOutput, ExecSession, ExecSpec, ExecState, OutputStream, Stdio,
    TerminalSize,
};
pub use files::{FileChange, FileChangeKind, FileInfo, FileKind, SandboxFiles};
pub use images::{
    EngineImages, ImageDetails, ImageProgress, ImageSummary, InUse, Pruned, PullOptions,
    RegistryCredentials,
};
pub use layers::{LayerArchive, LayerExport};
pub use logs::{LogEntry, LogQuery};
pub use stats::{CpuStats, IoStats, MemoryStats, NetworkStats, PidStats, Stats};
