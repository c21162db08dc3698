//! The wire types of the REST API, `/v1` and `/api`: what clients send and what the backend answers.
//!
//! Requests refuse fields that they do not know, by name. Answers may gain fields, so clients
//! ignore those that they do not know. Sandboxes and images are shown in the shapes of Docker's
//! Engine API, whichever engine serves them; everything else is lower case with underscores.
#![warn(missing_docs)]

mod containers;
mod env;
mod error;
mod event;
mod exec;
mod file;
mod flag;
mod image;
mod info;
mod inspect;
mod job;
mod key;
mod limits;
mod link;
mod logs;
mod sandbox;
mod signal;
mod stats;
mod terminal;

pub use containers::*;
pub use env::Env;
pub use error::{Error, ErrorCode};
pub use event::{Event, EventQuery};
pub use exec::{
    ExecFrame, ExecInfo, ExecList, ExecRequest, ExecResult, ExecStarted, ExecState, OutputStream,
    ResizeRequest, SignalRequest, TextEncoding,
};
pub use file::{
    ArchiveQuery, FileChange, FileChangeKind, FileInfo, FileKind, FileList, FilePathQuery,
    FileWritten, MakeDirectory, MoveFile, RemoveFileQuery, WatchQuery, WriteFileQuery,
};
pub use image::{
    Credentials, ExportQuery, ImageConfig, ImageDetails, ImageFrame, ImageList, ImageNameQuery,
    ImageProgress, ImageSummary, ImagesQuery, ImportQuery, Imported, PruneRequest, Pruned,
    PullRequest, RootFs, TagRequest,
};
pub use info::{EngineInfo, Health, Info};
pub use inspect::{
    Config, EmptyObject, HostConfig, NetworkSettings, PortBinding, SandboxDetails, State,
};
pub use job::{Job, JobList, JobListQuery};
pub use key::{CreateKey, Key, KeyCreated, KeyList, KeySecret, KeyState};
pub use limits::LimitsRequest;
pub use link::{Link, LinkRequest};
pub use logs::{LogFrame, LogsQuery, Tail};
pub use sandbox::{
    CreateSandbox, ListQuery, Port, RestartRequest, SandboxCreated, SandboxList, SandboxSummary,
    StatusAnswer, StopRequest,
};
pub use signal::Signal;
pub use stats::{
    BlkioEntry, BlkioStats, CpuStats, CpuUsage, MemoryStats, NetworkStats, PidsStats, SandboxStats,
    SandboxUsage, StatsQuery, ThrottlingData,
};
pub use terminal::{
    ATTACH_PROTOCOL, ClientMessage, KEY_PROTOCOL_PREFIX, STDERR_FRAME, STDOUT_FRAME, ServerMessage,
    TerminalAttachQuery, TerminalQuery,
};
