//! Opening the engines of this host.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ctnr_engine::EngineError;
use ctnr_engine_docker::{DockerEngine, Options, Owner, SocketSearch};
use ctnr_engine_native::network::NetworkError;
use ctnr_engine_native::{NativeConfig, NativeEngine};
use ctnr_model::EngineKind;

use crate::engines::Slot;
use crate::{DataDir, Engines};

/// How often a daemon that does not answer is looked for again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How the host runtime is opened.
#[derive(Debug, Clone, Default)]
pub struct HostConfig {
    /// The engine for requests that name none, where the user chose one.
    pub preferred: Option<EngineKind>,
    /// The IPv4 network for native sandboxes, `ADDRESS/16`, where the user chose one.
    pub subnet: Option<String>,
}

/// What this host contributes, while the value lives.
#[derive(Debug)]
pub struct Host {
    engines: Engines,
    looking: Option<tokio::task::AbortHandle>,
}

impl Host {
    /// Opens every engine that the host has. One that can't be opened is no error: it is kept with
    /// the reason, and whoever asks for it is told. A Docker daemon that is started later is found.
    pub async fn open(data_dir: &DataDir, config: HostConfig) -> Self {
        let engines = Engines::new([], config.preferred);
        Self::open_into(engines, data_dir, config).await
    }

    /// As [`Host::open`], into engines that others know already: those of a process that did not
    /// hold the host before.
    pub async fn open_into(engines: Engines, data_dir: &DataDir, config: HostConfig) -> Self {
        // On a thread of its own, since it looks at many files and starts a process.
        let native = tokio::spawn({
            let data_dir = data_dir.path().to_owned();
            async move { open_native(&data_dir, config.subnet.as_deref()).await }
        });
        let (native, docker) = tokio::join!(native, open_docker(data_dir.installation()));
        let native = native.unwrap_or_else(|error| Err(format!("opening it failed: {error}")));
        let is_missing = docker.is_err();
        engines.set(EngineKind::Native, native);
        engines.set(EngineKind::Docker, docker);
        let looking = is_missing.then(|| {
            tokio::spawn(look_for_docker(
                engines.clone(),
                data_dir.installation().to_owned(),
            ))
            .abort_handle()
        });
        Self { engines, looking }
    }

    /// The engines.
    pub fn engines(&self) -> &Engines {
        &self.engines
    }

    /// Ends the host runtime in order: the engines give back what they hold beyond their
    /// sandboxes, which go on.
    pub async fn close(self) {
        for engine in self.engines.available() {
            engine.close().await;
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(task) = &self.looking {
            task.abort();
        }
    }
}

async fn open_native(data_dir: &Path, subnet: Option<&str>) -> Slot {
    match start_native(data_dir, subnet).await {
        Ok(engine) => Ok(Arc::new(engine)),
        Err(error) => Err(error.to_string()),
    }
}

async fn start_native(data_dir: &Path, subnet: Option<&str>) -> Result<NativeEngine, EngineError> {
    let subnet = subnet
        .map(str::parse)
        .transpose()
        .map_err(|error: NetworkError| EngineError::BadRequest(error.to_string()))?;
    NativeEngine::open(NativeConfig {
        data_dir: data_dir.to_owned(),
        subnet,
    })
    .await
}

async fn open_docker(installation: &str) -> Slot {
    match connect_docker(installation).await {
        Ok(engine) => Ok(Arc::new(engine)),
        Err(error) => Err(error.to_string()),
    }
}

async fn connect_docker(installation: &str) -> Result<DockerEngine, EngineError> {
    DockerEngine::connect(Options {
        owner: Owner::new(installation)?,
        socket: SocketSearch::from_env()?,
        network_per_sandbox: false,
    })
    .await
}

async fn look_for_docker(engines: Engines, installation: String) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let docker = open_docker(&installation).await;
        if docker.is_ok() {
            tracing::info!("engine docker: ready");
            engines.set(EngineKind::Docker, docker);
            return;
        }
    }
}
