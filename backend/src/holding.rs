//! Holding the host: one process has the lock of the data directory; others that are started on
//! it are replicas, and the first to get the lock when that process has ended takes its place.

use std::path::{Path, PathBuf};
use std::time::Duration;

use backend::app::App;
use ctnr_agent::{AgentError, DataDir, Engines, Host, HostConfig};
use ctnr_model::EngineKind;

/// How often a replica tries to get the lock.
const LOOK: Duration = Duration::from_millis(200);

/// The lock of the data directory, and the runtime of its host.
pub(crate) struct Held {
    host: Host,
    _lock: DataDir,
}

impl Held {
    /// Gives both back in order.
    pub(crate) async fn close(self) {
        self.host.close().await;
    }
}

/// Takes the lock where nobody has it, and gives the installation's name in any case.
pub(crate) fn lock(path: &Path) -> anyhow::Result<(Option<DataDir>, String)> {
    match DataDir::open(path) {
        Ok(lock) => {
            let installation = lock.installation().to_owned();
            Ok((Some(lock), installation))
        }
        Err(AgentError::Locked { holder, .. }) => {
            tracing::info!(
                "the data directory {} is in use by {holder}; serving beside it as a replica, and taking its place when it ends. For a host of its own, set CONTAINERS_DATA_DIR to another directory",
                path.display()
            );
            Ok((None, DataDir::installation_of(path)?))
        }
        Err(error) => Err(error.into()),
    }
}

/// One that can hold the host.
pub(crate) struct Candidate {
    path: PathBuf,
    config: HostConfig,
    engines: Engines,
}

impl Candidate {
    pub(crate) fn new(path: PathBuf, config: HostConfig) -> Self {
        let missing = EngineKind::ALL.map(|kind| {
            let why = "another process holds this host, and serves what needs it";
            (kind, Err(why.to_owned()))
        });
        Self {
            path,
            engines: Engines::new(missing, config.preferred),
            config,
        }
    }

    /// The engines: all missing until the host is held.
    pub(crate) fn engines(&self) -> &Engines {
        &self.engines
    }

    /// Opens the host, whose lock is held.
    pub(crate) async fn take(&self, lock: DataDir) -> Held {
        let host = Host::open_into(self.engines.clone(), &lock, self.config.clone()).await;
        Held { host, _lock: lock }
    }

    /// Says in the log which engines there are.
    pub(crate) fn tell_engines(&self) {
        for engine in self.engines.statuses() {
            match &engine.available {
                Ok(_) if engine.is_default => {
                    tracing::info!("engine {}: ready, the default", engine.kind);
                }
                Ok(_) => tracing::info!("engine {}: ready", engine.kind),
                Err(reason) if engine.is_default => {
                    tracing::warn!(
                        "engine {}, the default, is not available: {reason}",
                        engine.kind
                    );
                }
                Err(reason) => tracing::info!("engine {}: not available: {reason}", engine.kind),
            }
        }
    }

    /// Waits for the lock and takes the place of the process that had it. `None` where the platform
    /// stops before.
    pub(crate) async fn take_over(self, app: App) -> Option<Held> {
        let closing = app.closing();
        let mut failing = false;
        loop {
            tokio::select! {
                () = closing.cancelled() => return None,
                () = tokio::time::sleep(LOOK) => {}
            }
            match DataDir::open(&self.path) {
                Ok(lock) => {
                    tracing::info!("the process that held this host has ended; taking its place");
                    let held = self.take(lock).await;
                    self.tell_engines();
                    app.take_host();
                    return Some(held);
                }
                Err(AgentError::Locked { .. }) => failing = false,
                Err(error) if failing => tracing::debug!(%error, "the lock can't be taken"),
                Err(error) => {
                    failing = true;
                    tracing::warn!(%error, "the lock can't be taken; trying again");
                }
            }
        }
    }
}
