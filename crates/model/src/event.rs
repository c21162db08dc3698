//! What happened, in order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that happened to a sandbox, an image or a job. Events are stored with the change that they
/// are about, and numbered without gaps per database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The number: later events have higher ones. It is the SSE event id.
    pub sequence: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What it happened to.
    pub subject: EventSubject,
    /// What happened.
    pub action: EventAction,
    /// The id of the sandbox or job, or the reference of the image.
    pub id: String,
    /// More about it: name, image, exit code; a job's kind and state.
    pub attributes: BTreeMap<String, String>,
}

/// What kind of thing an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventSubject {
    /// A sandbox.
    Sandbox,
    /// An image.
    Image,
    /// A Win32 container.
    Container,
    /// A job.
    Job,
}

/// What happened, with Docker's words where it has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventAction {
    /// A sandbox was made, or a job put in the queue.
    Create,
    /// A sandbox's program was started, or somebody began to work on a job.
    Start,
    /// A sandbox's program ended, by itself or not.
    Die,
    /// A sandbox was stopped on request.
    Stop,
    /// A sandbox was restarted on request.
    Restart,
    /// A sandbox, a container, a snapshot of one or an image was deleted.
    Delete,
    /// An image was pulled.
    Pull,
    /// An image was imported.
    Import,
    /// An image was given a name.
    Tag,
    /// A container or a job has another state, or a job has come further.
    Update,
    /// What a container holds was kept under a name.
    Snapshot,
    /// A container was put back to a snapshot.
    Rollback,
    /// A container's data was dropped.
    Reset,
    /// A container was made from another one.
    Clone,
    /// A container or a job failed.
    Fail,
    /// An attempt at a job failed, and it is back in the queue.
    Retry,
    /// A job is over; its state says how.
    Finish,
}
