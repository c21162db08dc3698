//! The native engine, as the control plane sees it.

mod adopt;
mod attach;
mod control;
mod create;
mod delete;
mod exec;
mod identity;
mod images;
mod indexes;
mod layers;
mod life;
mod links;
mod sandbox;
mod session;
mod signals;
mod stats;
mod trash;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::{
    Capabilities, Capability, Connection, EngineError, EngineImages, ExecInfo, ExecSession,
    ExecSpec, Inspection, LayerArchive, LayerExport, LogEntry, LogQuery, Observed, Result,
    SandboxEngine, SandboxExit, SandboxFiles, Started, Stats, Stream, TerminalSize,
};
use ctnr_images::{ImageStore, StoreOptions};
use ctnr_model::{
    ContainerPort, EngineKind, ExecId, LayerId, PublishedPort, SandboxId, SandboxSpec,
    SandboxStatus,
};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use self::identity::Identity;
use self::images::NativeImages;
use self::indexes::Indexes;
use self::layers::Layers;
use self::links::Links;
use self::sandbox::Sandbox;
use self::trash::Trash;
use crate::launcher::{self, Launcher};
use crate::log::read_log;
use crate::network::Block;
use crate::process::raise_descriptor_limit;

/// What a native engine is opened with.
#[derive(Debug, Clone)]
pub struct NativeConfig {
    /// The data directory; images are in `images`, sandboxes in `sandboxes` below it. The caller
    /// holds its lock.
    pub data_dir: PathBuf,
    /// The block that sandboxes' addresses are taken from; a free one where none is given.
    pub subnet: Option<Block>,
}

/// Runs sandboxes with what Linux has.
pub struct NativeEngine {
    inner: Arc<Inner>,
    images: NativeImages,
}

/// What the tasks of an engine share.
struct Inner {
    sandboxes_dir: PathBuf,
    launcher: Launcher,
    store: ImageStore,
    identity: Identity,
    links: Arc<Links>,
    indexes: Indexes,
    layers: Arc<Layers>,
    trash: Trash,
    sandboxes: RwLock<HashMap<SandboxId, Arc<Sandbox>>>,
    listeners: Mutex<Vec<mpsc::UnboundedSender<SandboxExit>>>,
}

impl NativeEngine {
    /// Opens the engine: starts its launcher, and adopts the sandboxes that it finds.
    ///
    /// # Errors
    /// Where the host lacks what the engine needs, or the data directory can't be used.
    pub async fn open(config: NativeConfig) -> Result<Self> {
        let doing = |what: &str| format!("opening the native engine: {what}");
        let identity = Identity::find()?;
        // Each sandbox that runs has a connection to its supervisor.
        raise_descriptor_limit();
        let store = ImageStore::open(&config.data_dir.join("images"), StoreOptions::default())
            .map_err(|error| EngineError::internal(doing("its images"), error))?;
        let sandboxes_dir = config.data_dir.join("sandboxes");
        std::fs::create_dir_all(&sandboxes_dir)
            .map_err(|error| EngineError::internal(doing("its directory"), error))?;
        let launcher = Launcher::start(config.data_dir.join(launcher::LOG))
            .map_err(|error| EngineError::internal(doing("starting its launcher"), error))?;
        let trash = Trash::open(config.data_dir.join("trash"))
            .map_err(|error| EngineError::internal(doing("its trash"), error))?;
        let layers = Layers::open(config.data_dir.join("layers"), &sandboxes_dir, &trash)
            .map_err(|error| EngineError::internal(doing("its layers"), error))?;
        let inner = Arc::new(Inner {
            links: Arc::new(Links::new(&config.data_dir, config.subnet, &identity)),
            sandboxes_dir,
            launcher,
            store: store.clone(),
            identity,
            indexes: Indexes::default(),
            layers,
            trash,
            sandboxes: RwLock::default(),
            listeners: Mutex::default(),
        });
        adopt::adopt_all(&inner).await?;
        Ok(Self {
            inner,
            images: NativeImages::new(store),
        })
    }
}

impl Inner {
    /// A sandbox by its id.
    fn sandbox(&self, id: &SandboxId) -> Result<Arc<Sandbox>> {
        let sandboxes = self
            .sandboxes
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        sandboxes
            .get(id)
            .cloned()
            .ok_or(EngineError::SandboxNotFound)
    }

    /// Tells all listeners of a program's end.
    fn tell(&self, exit: &SandboxExit) {
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(exit.clone()).is_ok());
    }
}

#[async_trait]
impl SandboxEngine for NativeEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Native
    }

    fn capabilities(&self) -> Capabilities {
        let always = [
            Capability::DetachedExec,
            Capability::FileManagement,
            Capability::FileWatch,
            Capability::FilesWhileStopped,
            Capability::UdpPorts,
            Capability::PortsWithoutEgress,
            Capability::Layers,
            Capability::HostMounts,
            Capability::Stats,
        ];
        let egress = self.inner.links.available().then_some(Capability::Egress);
        let limits = self.inner.identity.limits.then_some(Capability::Limits);
        always.into_iter().chain(egress).chain(limits).collect()
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<Started> {
        create::create(&self.inner, spec).await
    }

    async fn start(&self, spec: &SandboxSpec, ports: &[PublishedPort]) -> Result<Started> {
        create::start(&self.inner, spec, ports).await
    }

    async fn stop(&self, id: &SandboxId, grace: Duration) -> Result<SandboxStatus> {
        life::stop(&self.inner, id, grace).await
    }

    async fn delete(&self, id: &SandboxId) -> Result<()> {
        delete::delete(&self.inner, id).await
    }

    async fn status(&self, id: &SandboxId) -> Result<SandboxStatus> {
        Ok(self.inner.sandbox(id)?.status())
    }

    async fn inspect(&self, spec: &SandboxSpec) -> Result<Inspection> {
        Ok(self.inner.sandbox(&spec.id)?.inspect())
    }

    async fn list(&self) -> Result<Vec<Observed>> {
        let sandboxes = self
            .inner
            .sandboxes
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(sandboxes
            .values()
            .map(|sandbox| sandbox.observe())
            .collect())
    }

    fn exits(&self) -> Stream<SandboxExit> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.inner
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sender);
        UnboundedReceiverStream::new(receiver).boxed()
    }

    async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecSession> {
        exec::exec(&*self.inner.sandbox(id)?, spec).await
    }

    async fn attach(&self, id: &SandboxId, exec: &ExecId) -> Result<ExecSession> {
        attach::attach(&*self.inner.sandbox(id)?, exec).await
    }

    async fn execs(&self, id: &SandboxId) -> Result<Vec<ExecInfo>> {
        exec::list(&*self.inner.sandbox(id)?).await
    }

    async fn signal(&self, id: &SandboxId, exec: &ExecId, signal: i32) -> Result<()> {
        exec::signal(&*self.inner.sandbox(id)?, exec, signal).await
    }

    async fn resize(&self, id: &SandboxId, exec: &ExecId, size: TerminalSize) -> Result<()> {
        exec::resize(&*self.inner.sandbox(id)?, exec, size).await
    }

    async fn logs(&self, id: &SandboxId, query: &LogQuery) -> Result<Stream<Result<LogEntry>>> {
        let sandbox = self.inner.sandbox(id)?;
        let (directory, running) = (sandbox.directory.clone(), sandbox.running());
        let query = query.clone();
        // The first part of a log with `tail` reads the whole of it.
        tokio::task::spawn_blocking(move || read_log(directory, query, running))
            .await
            .map_err(|error| EngineError::internal("reading the sandbox's log", error))?
    }

    async fn stats(&self, id: &SandboxId) -> Result<Stats> {
        stats::stats(&*self.inner.sandbox(id)?).await
    }

    async fn files(&self, id: &SandboxId) -> Result<Box<dyn SandboxFiles>> {
        life::files(&self.inner, id).await
    }

    async fn connect(&self, id: &SandboxId, port: ContainerPort) -> Result<Box<dyn Connection>> {
        life::connect(&*self.inner.sandbox(id)?, port).await
    }

    fn images(&self) -> &dyn EngineImages {
        &self.images
    }

    async fn freeze(&self, id: &SandboxId, layer: &LayerId) -> Result<()> {
        layers::freeze(&self.inner, id, layer).await
    }

    async fn import_layer(&self, layer: &LayerId, archive: LayerArchive) -> Result<()> {
        layers::import(&self.inner, layer, archive).await
    }

    async fn export_layer(
        &self,
        layer: &LayerId,
        export: LayerExport,
    ) -> Result<Stream<Result<Bytes>>> {
        layers::export(&self.inner, layer, export)
    }

    async fn remove_layer(&self, layer: &LayerId) -> Result<()> {
        self.inner.layers.remove(layer, &self.inner.trash)
    }

    async fn layers(&self) -> Result<Vec<LayerId>> {
        Ok(self.inner.layers.list())
    }

    async fn layer_size(&self, layer: &LayerId) -> Result<u64> {
        self.inner.layers.size(layer).await
    }

    async fn close(&self) {
        let linked = {
            let sandboxes = self
                .inner
                .sandboxes
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            let runs = |sandbox: &Arc<Sandbox>| {
                sandbox
                    .running_record()
                    .is_ok_and(|record| record.link.is_some())
            };
            sandboxes.values().any(runs)
        };
        // The ends of sandboxes that were just deleted may not have been counted so far.
        if !linked {
            self.inner.links.release_all().await;
        }
    }
}
