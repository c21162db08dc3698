//! The database: all SQL of the product.
//!
//! The same statements run on SQLite and PostgreSQL. A sandbox's row is written before an engine
//! is asked (phase `creating`) and again after it has answered, so that a process that is killed at
//! any moment leaves something that the next one can finish or remove. Events are rows too, written
//! in the transaction of the change that they tell. So are jobs, with leases ([`Lease`]).
#![warn(missing_docs)]

mod agents;
mod choice;
mod connect;
mod containers;
mod error;
mod events;
mod filter;
mod find;
mod hosts;
mod jobs;
mod keys;
mod list;
mod migrations;
mod page;
mod reserve;
mod row;
mod sandboxes;
mod statement;
mod time;

pub use agents::AgentRow;
pub use choice::Choice;
pub use connect::{Dialect, Store, sqlite_url};
pub(crate) use containers::tell_container;
pub use containers::{
    CaptureRow, Captured, ContainerChange, ContainerFilter, ContainerRow, ContainerSpec, Created,
    FoundContainer, Freezing, LayerBlob, LayerPhase, LayerRow, RequestKey, RuntimeId, SnapshotRow,
};
pub use error::{Result, StoreError};
pub use events::{Commit, NewEvent};
pub use filter::{EventFilter, LabelFilter, SandboxFilter};
pub use find::Found;
pub use hosts::{HostRow, WorkerRow};
pub use jobs::{Claimant, Ending, Enqueued, Held, JobFilter, JobRow, Lease, NewJob, Priority};
pub use keys::KeyRow;
pub use page::{Page, PageRequest};
pub use row::{Phase, SandboxRow};
