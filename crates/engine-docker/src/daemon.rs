//! The connection to the daemon.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use ctnr_engine::{EngineError, Result};

use crate::failure;
use crate::raw::RawClient;

/// How long a call that does nothing long may take.
const CONTROL_TIMEOUT: Duration = Duration::from_secs(60);
/// bollard's own time-out, in seconds; the callers here set theirs per call, and streams have none.
const TRANSPORT_TIMEOUT: u64 = 7 * 24 * 3600;

/// Docker's or Podman's daemon, with the API version that both sides speak.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    docker: Docker,
    raw: RawClient,
    podman: bool,
}

impl Daemon {
    /// Connects, and agrees on a version: 1.41 (engine 20.10) or later.
    pub(crate) async fn connect(socket: PathBuf) -> Result<Self> {
        let doing = "connecting to Docker";
        let Some(path) = socket.to_str() else {
            return Err(EngineError::BadRequest(format!(
                "the path of Docker's socket is not UTF-8: {}",
                socket.display()
            )));
        };
        let docker =
            Docker::connect_with_unix(path, TRANSPORT_TIMEOUT, bollard::API_DEFAULT_VERSION)
                .map_err(|error| failure::failed(doing, error))?;
        let docker = within(doing, CONTROL_TIMEOUT, docker.negotiate_version()).await?;
        let version = within(doing, CONTROL_TIMEOUT, docker.version()).await?;
        let agreed = docker.client_version();
        if (agreed.major_version, agreed.minor_version) < (1, 41) {
            return Err(EngineError::Unavailable(format!(
                "the Docker engine {} speaks API {agreed}; version 20.10 (API 1.41) or later is needed",
                version.version.unwrap_or_default()
            )));
        }
        let podman = version
            .components
            .iter()
            .flatten()
            .any(|component| component.name.contains("Podman"));
        Ok(Self {
            raw: RawClient::new(&socket, agreed),
            docker,
            podman,
        })
    }

    /// The typed API, for calls that stream; others go through [`Daemon::call`].
    pub(crate) fn api(&self) -> &Docker {
        &self.docker
    }

    /// The API that leaves answers as they are.
    pub(crate) fn raw(&self) -> &RawClient {
        &self.raw
    }

    /// Whether it is Podman, whose networks differ.
    pub(crate) fn is_podman(&self) -> bool {
        self.podman
    }

    /// Awaits a call that should be done soon; `doing` is what it is for.
    pub(crate) async fn call<T>(
        &self,
        doing: &str,
        call: impl Future<Output = std::result::Result<T, Error>>,
    ) -> Result<T> {
        within(doing, CONTROL_TIMEOUT, call).await
    }

    /// As [`Daemon::call`], for a call that may rightly take `extra` longer.
    pub(crate) async fn call_within<T>(
        &self,
        doing: &str,
        extra: Duration,
        call: impl Future<Output = std::result::Result<T, Error>>,
    ) -> Result<T> {
        within(doing, CONTROL_TIMEOUT.saturating_add(extra), call).await
    }

    /// As [`Daemon::call`], for what goes through [`Daemon::raw`].
    pub(crate) async fn raw_call<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        tokio::time::timeout(CONTROL_TIMEOUT, call)
            .await
            .map_err(|_| failure::timed_out(doing))?
    }
}

async fn within<T>(
    doing: &str,
    limit: Duration,
    call: impl Future<Output = std::result::Result<T, Error>>,
) -> Result<T> {
    tokio::time::timeout(limit, call)
        .await
        .map_err(|_| failure::timed_out(doing))?
        .map_err(|error| failure::failed(doing, error))
}
