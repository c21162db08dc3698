//! The vocabulary of ctnr: ids, names, references, specs, states and events.
//!
//! Everything here is pure: no I/O, no async, no clock. A value of one of these types has been
//! checked, so the rest of the product never checks it again.
#![warn(missing_docs)]

pub mod container;

mod access;
mod digest;
mod event;
mod hostname;
mod id;
mod image;
mod invalid;
mod job;
mod limits;
mod mount;
mod network;
mod path;
mod port;
mod process;
mod reference;
mod size;
mod spec;
mod state;

pub use access::{Area, KeyId, Scope, Scopes};
pub use container::ContainerState;
pub use digest::{Digest, DigestAlgorithm};
pub use event::{Event, EventAction, EventSubject};
pub use hostname::HostName;
pub use id::{
    ContainerId, ContainerName, ContainerQuery, ExecId, JobId, KeyName, KeyQuery, LayerId,
    SandboxId, SandboxName, SandboxQuery,
};
pub use image::{Architecture, ImageConfig, Platform};
pub use invalid::Invalid;
pub use job::{JobKind, JobProgress, JobState};
pub use limits::{Cpus, Limits, PidLimit};
pub use mount::{FileOwner, HostMount, HostPath, MountAccess};
pub use network::NetworkMode;
pub use path::ContainerPath;
pub use port::{ContainerPort, HostBinding, PortRequest, Protocol, PublishedPort};
pub use process::{EnvVar, Process, ProcessError, ProcessOverrides, UserSpec};
pub use reference::ImageReference;
pub use size::ByteSize;
pub use spec::{EngineKind, Labels, SandboxSpec};
pub use state::{ExitStatus, SandboxState, SandboxStatus};
