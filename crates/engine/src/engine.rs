//! The engine trait.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_model::{
    ContainerPort, Digest, EngineKind, ExecId, LayerId, Process, PublishedPort, SandboxId,
    SandboxSpec, SandboxStatus,
};
use futures::stream::BoxStream;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    Capabilities, Capability, EngineError, EngineImages, ExecInfo, ExecSession, ExecSpec,
    LayerArchive, LayerExport, LogEntry, LogQuery, Result, SandboxFiles, Stats, TerminalSize,
};

/// The answer of an engine without layers.
const NO_LAYERS: EngineError = EngineError::Unsupported {
    capability: Capability::Layers,
    remedy: "use the native engine",
};

/// A stream that lives as long as it is wanted.
pub type Stream<T> = BoxStream<'static, T>;

/// A connection to a program in a sandbox.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// A sandbox that has just been started.
#[derive(Debug, Clone, PartialEq)]
pub struct Started {
    /// Where its ports answer.
    pub ports: Vec<PublishedPort>,
    /// Its state.
    pub status: SandboxStatus,
}

/// A sandbox that an engine found on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The id that [`SandboxEngine::create`] was given.
    pub id: SandboxId,
    /// Its state.
    pub status: SandboxStatus,
    /// Where its ports answer, where they do.
    pub ports: Vec<PublishedPort>,
}

/// The end of a sandbox's program.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxExit {
    /// The sandbox.
    pub id: SandboxId,
    /// Its state after it; `exit` and `finished_at` are set.
    pub status: SandboxStatus,
}

/// What an engine knows of a sandbox beyond what it was asked to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Its state.
    pub status: SandboxStatus,
    /// Where its ports answer.
    pub ports: Vec<PublishedPort>,
    /// The digest of the image's configuration, Docker's image id.
    pub image_id: Option<Digest>,
    /// The process as it was resolved.
    pub process: Option<Process>,
    /// Its network, while it runs.
    pub network: Option<NetworkInspection>,
    /// The engine's own answer in Docker's form, where the engine has one.
    pub docker: Option<serde_json::Value>,
}

/// A sandbox's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkInspection {
    /// Its own addresses with their prefix lengths.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Its gateways.
    pub gateways: Vec<IpAddr>,
}

/// Something that runs sandboxes.
///
/// Every method may be called concurrently, for one sandbox too. A future that is dropped leaves
/// nothing half-done that a later call for the same sandbox would not mend.
#[async_trait]
pub trait SandboxEngine: Send + Sync + 'static {
    /// Which engine it is.
    fn kind(&self) -> EngineKind;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Makes a sandbox and starts its program. When it returns, the program has been executed.
    ///
    /// # Errors
    /// When it fails, nothing of the sandbox is left.
    async fn create(&self, spec: &SandboxSpec) -> Result<Started>;

    /// Starts the program of a sandbox that does not run, over the files it left, with the host
    /// ports that it had.
    ///
    /// # Errors
    /// When it fails, the sandbox is as it was.
    async fn start(&self, spec: &SandboxSpec, ports: &[PublishedPort]) -> Result<Started>;

    /// Ends the program: with the image's stop signal, and after `grace` with SIGKILL. Does
    /// nothing where it does not run.
    async fn stop(&self, id: &SandboxId, grace: Duration) -> Result<SandboxStatus>;

    /// Ends the program at once and removes everything of the sandbox. A sandbox that is gone
    /// already is no error.
    async fn delete(&self, id: &SandboxId) -> Result<()>;

    /// The state as it is at this moment.
    async fn status(&self, id: &SandboxId) -> Result<SandboxStatus>;

    /// What the engine knows of a sandbox.
    async fn inspect(&self, spec: &SandboxSpec) -> Result<Inspection>;

    /// Every sandbox of this engine on this host, whoever made it.
    async fn list(&self) -> Result<Vec<Observed>>;

    /// The ends of programs from here on, those that [`SandboxEngine::stop`] causes among them.
    /// A listener that falls behind misses none: it gets the latest end of each sandbox.
    fn exits(&self) -> Stream<SandboxExit>;

    /// Runs a command in a running sandbox. An attached command ends with its session: dropping
    /// the session kills it. A detached one does not.
    ///
    /// # Errors
    /// [`EngineError::CommandNotFound`](crate::EngineError::CommandNotFound) and
    /// [`EngineError::CommandNotExecutable`](crate::EngineError::CommandNotExecutable) among them.
    async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecSession>;

    /// Joins a detached command: what it has put out so far, as far as it is kept, then what it
    /// puts out from here on.
    async fn attach(&self, id: &SandboxId, exec: &ExecId) -> Result<ExecSession>;

    /// The detached commands of a sandbox since it was started, the ended ones too.
    async fn execs(&self, id: &SandboxId) -> Result<Vec<ExecInfo>>;

    /// Sends a signal to a detached command.
    async fn signal(&self, id: &SandboxId, exec: &ExecId, signal: i32) -> Result<()>;

    /// Sets the size of a detached command's terminal.
    async fn resize(&self, id: &SandboxId, exec: &ExecId, size: TerminalSize) -> Result<()>;

    /// What the sandbox's program has put out, also after it has ended.
    async fn logs(&self, id: &SandboxId, query: &LogQuery) -> Result<Stream<Result<LogEntry>>>;

    /// What a running sandbox uses of the host at this moment.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`] among them.
    async fn stats(&self, id: &SandboxId) -> Result<Stats> {
        let _ = id;
        Err(EngineError::Unsupported {
            capability: Capability::Stats,
            remedy: "use another engine",
        })
    }

    /// The sandbox's files.
    async fn files(&self, id: &SandboxId) -> Result<Box<dyn SandboxFiles>>;

    /// Connects to a TCP port inside a running sandbox, published or not.
    async fn connect(&self, id: &SandboxId, port: ContainerPort) -> Result<Box<dyn Connection>>;

    /// The images that the engine makes sandboxes from.
    fn images(&self) -> &dyn EngineImages;

    /// Makes what a sandbox that does not run has written into a layer, with owners, modes,
    /// attributes and what it has deleted. The sandbox is gone then. It takes as long for a large
    /// one as for a small one. A sandbox that was frozen to this layer before is no error.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] where the sandbox runs or there is a layer of this id that it
    /// did not become; then the sandbox is as it was.
    async fn freeze(&self, id: &SandboxId, layer: &LayerId) -> Result<()> {
        let _ = (id, layer);
        Err(NO_LAYERS)
    }

    /// Makes a layer of an archive, whose content is hostile: nothing of it lands outside of the
    /// layer, devices in it are left out, and set-user-id bits are cleared.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] where there is a layer of this id. Nothing is left then.
    async fn import_layer(&self, layer: &LayerId, archive: LayerArchive) -> Result<()> {
        let _ = (layer, archive);
        Err(NO_LAYERS)
    }

    /// What a layer changes, as a plain tar with whiteouts as images' layers have them. Layers with
    /// the same files give the same bytes: names are sorted, everything belongs to root, times are
    /// whole seconds, and set-user-id bits, devices, sockets and pipes are left out. The layer stays
    /// as long as the stream does.
    async fn export_layer(
        &self,
        layer: &LayerId,
        export: LayerExport,
    ) -> Result<Stream<Result<Bytes>>> {
        let _ = (layer, export);
        Err(NO_LAYERS)
    }

    /// Removes a layer. One that is gone already is no error.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] while a sandbox is made of it.
    async fn remove_layer(&self, layer: &LayerId) -> Result<()> {
        let _ = layer;
        Err(NO_LAYERS)
    }

    /// All layers.
    async fn layers(&self) -> Result<Vec<LayerId>> {
        Err(NO_LAYERS)
    }

    /// The bytes that a layer takes on the disk.
    async fn layer_size(&self, layer: &LayerId) -> Result<u64> {
        let _ = layer;
        Err(NO_LAYERS)
    }

    /// Gives back what the engine holds of the host beyond its sandboxes, which go on. Called
    /// once, when the host runtime ends in order.
    async fn close(&self) {}
}
