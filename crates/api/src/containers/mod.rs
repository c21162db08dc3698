//! The wire types of Win32 containers, `/api`.

mod agent;
mod artifact;
mod capture;
mod create;
mod delete;
mod exec;
mod host;
mod layer;
mod list;
mod plan;
mod runtime;
mod show;
mod snapshot;

pub use agent::{AgentEnrolled, AgentReport, Host, HostAgent, HostBackend, HostList, Presence};
pub use artifact::{
    ExportContainerQuery, HostFolders, ImportContainer, PullContainer, PushContainer,
};
pub use capture::{
    Capture, CaptureList, CaptureRequest, CapturedProduct, CapturedProgram, Upload,
    UploadPieceQuery,
};
pub use create::{CloneContainer, CreateContainer, IDEMPOTENCY_KEY};
pub use delete::{ContainerDeletion, ContainerDeletions, DeleteContainers, DeletionStatus};
pub use exec::{ContainerExecRequest, ContainerTerminalQuery, RunRequest};
pub use host::{HostInfo, Realiser};
pub use layer::{Layer, UploadLayerQuery};
pub use list::{ContainerEventQuery, ContainerList, ContainerListQuery};
pub use plan::{PlanQuery, PlanTarget};
pub use runtime::{BuildRuntime, JobStarted, MoveRuntime, Runtime, RuntimeList, RuntimeReference};
pub use show::Container;
pub use snapshot::{CreateSnapshot, RollbackRequest, Snapshot, SnapshotList};
