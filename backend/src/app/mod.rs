//! The use cases: what a caller can ask of the platform, whatever protocol carries it.
//!
//! [`App`] joins the database, which is the truth, with the engines, which do the work. A change is
//! recorded as an intent before an engine is asked and as a fact after it has answered, and runs in
//! a task of its own, so that a caller who goes away cuts nothing in half.
#![warn(missing_docs)]

mod access;
mod containers;
mod create;
mod delete;
mod error;
mod events;
mod exec;
mod exits;
mod health;
mod hosts;
mod images;
mod jobs;
mod keys;
mod lifecycle;
mod locks;
mod names;
mod read;
mod reconcile;
mod sandbox;
mod settle;
mod stats;
mod uploads;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ctnr_agent::Engines;
use ctnr_engine::SandboxEngine;
use ctnr_model::{ContainerId, EngineKind, HostPath, LayerId, SandboxId};
use tokio::sync::{Mutex, RwLock};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use containers::{
    BuildRuntime, Capture, CaptureContainer, CaptureRequest, CloneRequest, Container,
    ContainerFilter, Export, FoundProgram, HostFolders, ImportContainer, MakeContainer,
    NewContainer, NewLayer, PlanFor, ProgramRequest, PullContainer, PushContainer, RequestId,
    RuntimeId, RuntimeStatus, Snapshot, What, Wishes,
};
pub use error::{AppError, Result};
pub use exec::ExecRequest;
pub use health::Health;
pub use hosts::{AGENT_LEASE, KnownHost};
use jobs::Hosts;
pub use jobs::{Place, Reach, Subject};
pub use keys::NewKey;
pub use sandbox::{NewSandbox, Sandbox};
pub use stats::Usage;

use crate::access::Keyring;
use crate::jobs::{Executions, Handlers};
pub use crate::store::{
    EventFilter, JobFilter, JobRow, KeyRow, LabelFilter, Page, PageRequest, SandboxFilter,
};
use crate::store::{SandboxRow, Store};
use locks::Locks;
use uploads::Uploads;
pub use uploads::{Upload, UploadId};

/// All use cases. A clone is cheap and means the same platform.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    /// The keys to the API.
    keyring: Keyring,
    engines: Engines,
    /// This host's installation: the sandboxes of others in the same database are not touched.
    installation: String,
    /// Whether what an engine holds and the database does not know is certainly a leftover.
    reap_unknown: bool,
    locks: Locks<SandboxId>,
    container_locks: Locks<ContainerId>,
    /// Layers that are just being uploaded.
    layer_locks: Locks<LayerId>,
    /// The folders of the host below which containers may be given some.
    host_folders: Vec<HostPath>,
    /// The jobs that are being done on this host.
    jobs: Executions,
    /// How the other processes of the platform reach this one.
    reach: Option<Reach>,
    /// Who holds which host.
    hosts: Hosts,
    /// Where things are built before an engine takes them over; removed at start.
    scratch: PathBuf,
    /// Where uploads lie.
    uploads: Uploads,
    /// Captures that wait for a person to say that the installer has done its work.
    by_hand: Mutex<BTreeMap<ContainerId, CancellationToken>>,
    /// Held while a runtime is built.
    building: Mutex<()>,
    /// Held shared while a sandbox is made of an image, and exclusively while images are removed.
    images: RwLock<()>,
    /// Changes under way.
    changes: TaskTracker,
    /// Cancelled when the platform begins to stop: streams without an end end then.
    closing: CancellationToken,
    /// Cancelled when the changes are done: the work in the background ends then.
    stopping: CancellationToken,
}

/// What an [`App`] is made of.
pub struct AppParts {
    /// The database.
    pub store: Store,
    /// The engines of this host.
    pub engines: Engines,
    /// The mark of this host's data directory.
    pub installation: String,
    /// Whether a sandbox that carries this installation's mark and that the database does not know
    /// is removed. False where the directory was used with several databases.
    pub reap_unknown: bool,
    /// A folder for what is built before an engine takes it over. What is in it is removed.
    pub scratch: PathBuf,
    /// Where uploads lie, which are sent in pieces.
    pub uploads: PathBuf,
    /// The folders of the host below which containers may be given some.
    pub host_folders: Vec<HostPath>,
    /// Who does which kind of job.
    pub handlers: Handlers,
    /// How workers and other backends reach this one; `None` where they do not.
    pub reach: Option<Reach>,
    /// Whether this process holds the host. One that does not is a replica, whose engines are all
    /// missing until [`App::take_host`].
    pub holds_host: bool,
}

impl App {
    /// Joins the parts. Nothing runs in the background before [`App::start`].
    pub fn new(parts: AppParts) -> Self {
        Self {
            inner: Arc::new(Inner {
                jobs: Executions::new(parts.store.clone(), parts.handlers),
                reach: parts.reach,
                hosts: Hosts::new(parts.holds_host),
                keyring: Keyring::new(parts.store.clone()),
                store: parts.store,
                engines: parts.engines,
                installation: parts.installation,
                reap_unknown: parts.reap_unknown,
                locks: Locks::default(),
                container_locks: Locks::default(),
                layer_locks: Locks::default(),
                host_folders: parts.host_folders,
                scratch: parts.scratch,
                uploads: Uploads::new(parts.uploads),
                by_hand: Mutex::default(),
                building: Mutex::new(()),
                images: RwLock::new(()),
                changes: TaskTracker::new(),
                closing: CancellationToken::new(),
                stopping: CancellationToken::new(),
            }),
        }
    }

    /// Takes up what is found on the host, and keeps the database true from here on.
    pub fn start(&self) {
        // What a process before this one was building when it was killed.
        match std::fs::remove_dir_all(&self.inner.scratch) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(folder = %self.inner.scratch.display(), %error, "what was left of a build could not be removed");
            }
            _ => {}
        }
        tokio::spawn(exits::record_all(self.clone()));
        tokio::spawn(reconcile::keep_true(self.clone()));
        tokio::spawn(jobs::do_jobs(self.clone()));
        tokio::spawn(jobs::prune_jobs(self.clone()));
        tokio::spawn(jobs::announce(self.clone()));
        tokio::spawn(uploads::prune(self.clone()));
    }

    /// Cancelled when the platform begins to stop. Streams that would go on for ever end then.
    pub fn closing(&self) -> CancellationToken {
        self.inner.closing.clone()
    }

    /// Begins to stop: see [`App::closing`]. Requests under way go on.
    pub fn close(&self) {
        self.inner.closing.cancel();
    }

    /// Waits until the changes under way are done, at most `patience`, and ends the background
    /// work and the connections to the database. Sandboxes keep running. Returns whether all
    /// changes were done.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.inner.closing.cancel();
        self.inner.changes.close();
        let changes = tokio::time::timeout(patience, self.inner.changes.wait());
        let (changes, jobs) = tokio::join!(changes, self.inner.jobs.drain(patience));
        let done = changes.is_ok() && jobs;
        self.inner.stopping.cancel();
        self.inner.store.close().await;
        done
    }

    /// Runs a change in a task of its own: it goes on when the caller goes away.
    async fn change<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        match self.inner.changes.spawn(work).await {
            Ok(result) => result,
            Err(error) => Err(AppError::Internal(format!(
                "the work on the request was broken off ({error}); look at the state and try again"
            ))),
        }
    }

    /// The engine that runs a sandbox of this host.
    fn engine_of(&self, row: &SandboxRow) -> Result<Arc<dyn SandboxEngine>> {
        if row.host != self.inner.installation {
            return Err(AppError::Unavailable(format!(
                "sandbox {} lives on another host, with the data directory {}; ask the backend there",
                row.spec.id.short(),
                row.host
            )));
        }
        Ok(self.inner.engines.get(row.engine)?)
    }

    /// The engine that a request means. To name one that this host lacks is a fault of the request;
    /// that the default one is missing is a fault of the platform.
    fn engine(&self, kind: Option<EngineKind>) -> Result<Arc<dyn SandboxEngine>> {
        match kind {
            Some(kind) => self
                .inner
                .engines
                .get(kind)
                .map_err(|error| AppError::Unsupported(error.to_string())),
            None => Ok(self.inner.engines.get(self.inner.engines.default_kind())?),
        }
    }
}
