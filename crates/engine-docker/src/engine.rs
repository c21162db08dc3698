//! The engine: what is shared by its parts, and the trait.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bollard::query_parameters::StopContainerOptions;
use ctnr_engine::{
    Capabilities, Capability, Connection, EngineError, EngineImages, ExecInfo, ExecSession,
    ExecSpec, Inspection, LogEntry, LogQuery, Observed, Result, SandboxEngine, SandboxExit,
    SandboxFiles, Started, Stats, Stream, TerminalSize,
};
use ctnr_model::{
    ContainerPort, EngineKind, ExecId, PublishedPort, SandboxId, SandboxSpec, SandboxStatus,
};

use crate::daemon::Daemon;
use crate::exec::Detached;
use crate::exits;
use crate::files::Files;
use crate::network::Networks;
use crate::owner::Owner;
use crate::ports::Ports;
use crate::sandboxes::Sandboxes;
use crate::socket::SocketSearch;

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whose sandboxes it runs.
    pub owner: Owner,
    /// Where the daemon is.
    pub socket: SocketSearch,
    /// A network for every sandbox instead of one that all share. It is chosen without being
    /// asked for where the daemon can't keep sandboxes on one network apart. Docker has room for
    /// about 30 networks unless its address pools are widened.
    pub network_per_sandbox: bool,
}

/// Runs sandboxes on a Docker or Podman daemon. Clones share everything.
#[derive(Debug, Clone)]
pub struct DockerEngine {
    shared: Arc<Shared>,
}

/// What the engine's parts share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) daemon: Daemon,
    pub(crate) owner: Owner,
    pub(crate) sandboxes: Sandboxes,
    pub(crate) networks: Networks,
    pub(crate) ports: Arc<Ports>,
    pub(crate) detached: Detached,
}

impl DockerEngine {
    /// Connects to the daemon.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] where none answers, or it is older than 20.10.
    pub async fn connect(options: Options) -> Result<Self> {
        let daemon = Daemon::connect(options.socket.find().await?).await?;
        let owner = options.owner;
        Ok(Self {
            shared: Arc::new(Shared {
                sandboxes: Sandboxes::new(daemon.clone(), owner.clone()),
                networks: Networks::new(daemon.clone(), owner.clone(), options.network_per_sandbox),
                ports: Arc::new(Ports::new()),
                detached: Detached::default(),
                daemon,
                owner,
            }),
        })
    }
}

#[cfg(all(test, feature = "system-tests"))]
impl DockerEngine {
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

#[async_trait]
impl SandboxEngine for DockerEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Docker
    }

    fn capabilities(&self) -> Capabilities {
        [
            Capability::Egress,
            Capability::Limits,
            Capability::DetachedExec,
            Capability::FilesWhileStopped,
            Capability::UdpPorts,
            Capability::Stats,
        ]
        .into_iter()
        .collect()
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<Started> {
        self.capabilities().require_files(spec)?;
        self.shared.create(spec).await
    }

    async fn start(&self, spec: &SandboxSpec, _ports: &[PublishedPort]) -> Result<Started> {
        self.shared.start(spec).await
    }

    async fn stop(&self, id: &SandboxId, grace: Duration) -> Result<SandboxStatus> {
        let container = self.shared.sandboxes.container(id).await?;
        let seconds = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
        let options = StopContainerOptions {
            signal: None,
            t: Some(i32::try_from(seconds).unwrap_or(i32::MAX)),
        };
        let daemon = &self.shared.daemon;
        let stopped = daemon
            .call_within(
                "stopping the sandbox",
                grace,
                daemon.api().stop_container(&container, Some(options)),
            )
            .await;
        self.shared.gone(id, stopped)?;
        self.shared.status(id).await
    }

    async fn delete(&self, id: &SandboxId) -> Result<()> {
        self.shared.delete(id).await
    }

    async fn status(&self, id: &SandboxId) -> Result<SandboxStatus> {
        self.shared.status(id).await
    }

    async fn inspect(&self, spec: &SandboxSpec) -> Result<Inspection> {
        self.shared.inspect(&spec.id).await
    }

    async fn list(&self) -> Result<Vec<Observed>> {
        self.shared.list().await
    }

    fn exits(&self) -> Stream<SandboxExit> {
        exits::listen(Arc::clone(&self.shared))
    }

    async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecSession> {
        self.shared.exec(id, spec).await
    }

    async fn attach(&self, id: &SandboxId, exec: &ExecId) -> Result<ExecSession> {
        self.shared.sandboxes.container(id).await?;
        self.shared.detached.attach(id, exec)
    }

    async fn execs(&self, id: &SandboxId) -> Result<Vec<ExecInfo>> {
        self.shared.sandboxes.container(id).await?;
        Ok(self.shared.detached.list(id))
    }

    async fn signal(&self, id: &SandboxId, exec: &ExecId, signal: i32) -> Result<()> {
        self.attach(id, exec).await?.control.signal(signal).await
    }

    async fn resize(&self, id: &SandboxId, exec: &ExecId, size: TerminalSize) -> Result<()> {
        self.attach(id, exec).await?.control.resize(size).await
    }

    async fn logs(&self, id: &SandboxId, query: &LogQuery) -> Result<Stream<Result<LogEntry>>> {
        self.shared.logs(id, query).await
    }

    async fn stats(&self, id: &SandboxId) -> Result<Stats> {
        self.shared.stats(id).await
    }

    async fn files(&self, id: &SandboxId) -> Result<Box<dyn SandboxFiles>> {
        let container = self.shared.sandboxes.container(id).await?;
        Ok(Box::new(Files::new(self.shared.daemon.clone(), container)))
    }

    async fn connect(&self, id: &SandboxId, port: ContainerPort) -> Result<Box<dyn Connection>> {
        self.shared.connect(id, port).await
    }

    fn images(&self) -> &dyn EngineImages {
        self.shared.as_ref()
    }
}

impl Shared {
    /// Forgets a sandbox whose container turned out to be gone.
    pub(crate) fn gone<T>(&self, id: &SandboxId, result: Result<T>) -> Result<T> {
        if matches!(result, Err(EngineError::SandboxNotFound)) {
            self.sandboxes.forget(id);
        }
        result
    }
}
