//! Win32 containers: a runtime, layers over it, and a sandbox while there is live data.
//!
//! ```text
//!  row: runtime + chain of layers ── start ──▶ sandbox (runtime, chain, a live upper)
//!        ▲                                        │ snapshot, clone, move: stop and freeze
//!        └────────── chain + [layer] ◀────────────┘
//!  rollback, reset: another chain, and the sandbox goes
//! ```
//!
//! Every step is a row first: a process that is killed leaves an intent that the next one finishes
//! or takes back ([`reconcile`]). A container's lock keeps two changes of it apart; programs run
//! beside each other without it.

mod artifact;
mod bounded;
mod build;
mod capture;
mod clone;
mod container;
mod create;
mod delete;
mod display;
mod find;
mod folders;
mod freeze;
mod inside;
mod layers;
mod lifecycle;
mod paths;
mod plan;
mod reconcile;
mod run;
mod runtimes;
mod session;
mod snapshots;

pub use artifact::{Export, HostFolders, ImportContainer, PullContainer, PushContainer, Wishes};
pub use build::BuildRuntime;
pub use capture::{Capture, CaptureContainer, CaptureRequest, FoundProgram};
pub use container::{CloneRequest, NewContainer, RequestId};
pub use create::MakeContainer;
pub use layers::NewLayer;
pub use plan::PlanFor;
pub use run::{ProgramRequest, What};
pub use runtimes::RuntimeStatus;

pub use crate::store::{
    ContainerFilter, ContainerRow as Container, RuntimeId, SnapshotRow as Snapshot,
};

/// The label of a container's sandbox; its value is the container's id.
pub(super) const LABEL: &str = "dev.ctnr.container";
