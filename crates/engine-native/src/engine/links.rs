//! The host's side of sandboxes' networks: made for the first sandbox, gone after the last.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ctnr_engine::{EngineError, Result};
use ctnr_model::NetworkMode;
use tokio::sync::Mutex;

use super::identity::Identity;
use super::indexes::Indexes;
use crate::launcher;
use crate::network::{Block, Egress, HostNetwork, Instance, LinkPlan, resolver, sweep};
use crate::protocol::NetworkLaunch;

/// How old the look at the host's uplinks and firewall may be that a new link relies on.
const FRESH: Duration = Duration::from_secs(60);

/// Gives sandboxes their links.
pub(super) struct Links {
    host: Option<Arc<HostNetwork>>,
    /// Each start takes another number: the kernel takes a moment to remove the link of the last.
    indexes: Indexes,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    egress: Option<(Instant, Egress)>,
    users: u32,
}

impl Links {
    /// The links of the engine with this data directory, where what it has of the host's network is
    /// written down.
    pub(super) fn new(data_dir: &Path, block: Option<Block>, identity: &Identity) -> Self {
        let host = identity.privileged.then(|| {
            let host = HostNetwork::new(data_dir.join("network.json"), block);
            Arc::new(host.kept_by(data_dir.join(launcher::LOG)))
        });
        Self {
            host,
            indexes: Indexes::default(),
            state: Mutex::default(),
        }
    }

    /// Whether sandboxes can have links.
    pub(super) fn available(&self) -> bool {
        self.host.is_some()
    }

    /// The network of a new sandbox. Where it has a link, [`Links::release`] is owed.
    pub(super) async fn take(&self, mode: NetworkMode) -> Result<NetworkLaunch> {
        let (NetworkMode::Open, Some(host)) = (mode, &self.host) else {
            return Ok(NetworkLaunch {
                link: None,
                resolv_conf: String::new(),
            });
        };
        let mut state = self.state.lock().await;
        let egress = match state.egress {
            Some((at, egress)) if at.elapsed() < FRESH => egress,
            _ => {
                let egress = ensure(Arc::clone(host)).await?;
                state.egress = Some((Instant::now(), egress));
                egress
            }
        };
        let index = self.indexes.take()?;
        let link = egress.link(index).map_err(|error| {
            self.indexes.release(index);
            EngineError::internal("planning the sandbox's network", error)
        })?;
        state.users += 1;
        let resolv_conf = resolver::resolv_conf(egress.ipv6.is_some());
        Ok(NetworkLaunch {
            link: Some(link),
            resolv_conf,
        })
    }

    /// Counts the link of a sandbox that was found.
    pub(super) async fn adopt(&self, link: Option<LinkPlan>) {
        if let Some(link) = link {
            self.indexes.mark(link.index());
            self.state.lock().await.users += 1;
        }
    }

    /// Gives a link back.
    pub(super) async fn release(&self, link: Option<LinkPlan>) {
        if let Some(link) = link {
            self.indexes.release(link.index());
            let mut state = self.state.lock().await;
            state.users = state.users.saturating_sub(1);
        }
    }

    /// Puts the host's network back as it was, where no sandbox has a link.
    pub(super) async fn release_if_unused(&self) {
        let mut state = self.state.lock().await;
        if state.users == 0 && state.egress.is_some() {
            self.put_back(&mut state).await;
        }
    }

    /// Puts the host's network back as it was, for the caller who knows that no sandbox has a link.
    pub(super) async fn release_all(&self) {
        let mut state = self.state.lock().await;
        state.users = 0;
        self.put_back(&mut state).await;
    }

    async fn put_back(&self, state: &mut State) {
        let Some(host) = &self.host else { return };
        let host = Arc::clone(host);
        match tokio::task::spawn_blocking(move || host.remove()).await {
            Ok(Ok(())) => state.egress = None,
            Ok(Err(error)) => tracing::warn!(%error, "the host's network was not put back"),
            Err(error) => tracing::warn!(%error, "the host's network was not put back"),
        }
    }

    /// Takes over what an earlier engine left on the host, once all sandboxes are counted: links
    /// that none uses go, and without any the host's network is put back.
    pub(super) async fn adopt_host(&self) -> Result<()> {
        let Some(host) = &self.host else {
            return Ok(());
        };
        let left = host.instance().map_err(|error| {
            EngineError::internal("reading the record of the host's network", error)
        })?;
        if let Some(instance) = left {
            self.sweep(instance).await;
        }
        let mut state = self.state.lock().await;
        if state.users > 0 {
            let egress = ensure(Arc::clone(host)).await?;
            state.egress = Some((Instant::now(), egress));
        } else {
            self.put_back(&mut state).await;
        }
        Ok(())
    }

    /// Removes links that no sandbox uses: those of sandboxes that were lost with an engine.
    async fn sweep(&self, instance: Instance) {
        let used = self.indexes.used();
        let swept = tokio::task::spawn_blocking(move || sweep(instance, &used)).await;
        match swept {
            Ok(Ok(links)) if links.is_empty() => {}
            Ok(Ok(links)) => tracing::info!(count = links.len(), "removed links that nothing used"),
            Ok(Err(error)) => tracing::warn!(%error, "unused links are left"),
            Err(error) => tracing::warn!(%error, "unused links are left"),
        }
    }
}

async fn ensure(host: Arc<HostNetwork>) -> Result<Egress> {
    tokio::task::spawn_blocking(move || host.ensure())
        .await
        .map_err(|error| EngineError::internal("setting up the host's network", error))?
        .map_err(|error| EngineError::internal("setting up the host's network", error))
}
