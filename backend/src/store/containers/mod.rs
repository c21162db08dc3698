//! Win32 containers: their rows, snapshots and layers.
//!
//! A change is one transaction: the row with its state, the snapshots and uses of layers that go
//! with it, the sandbox that is let go, and the events. A row's revision keeps two writers apart.

mod blobs;
mod captures;
mod change;
mod create;
mod find;
mod layers;
mod list;
mod row;
mod snapshots;
mod spec;
mod tell;

pub use blobs::LayerBlob;
pub use captures::{CaptureRow, Captured};
pub use change::ContainerChange;
pub use create::{Created, RequestKey};
pub use find::FoundContainer;
pub use layers::{LayerPhase, LayerRow};
pub use list::ContainerFilter;
pub use row::{ContainerRow, Freezing, RuntimeId};
pub use snapshots::SnapshotRow;
pub use spec::ContainerSpec;
pub(crate) use tell::tell_container;
pub(super) use {change::record_state, find::container_in};
