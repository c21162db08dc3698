//! The host's side of sandboxes' networks: made for the first sandbox, gone after the last.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ctnr_engine::{EngineError, Result};
use ctnr_model::NetworkMode;
use tokio::sync::Mutex;

use super::identity::Identity;
use super::indexes::Indexes;
use crate::network::{Block, Egress, HostNetwork, LinkPlan, resolver, sweep};
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
    /// `record` is the file that remembers what was changed on the host.
    pub(super) fn new(record: PathBuf, block: Option<Block>, identity: &Identity) -> Self {
        let host = identity
            .privileged
            .then(|| Arc::new(HostNetwork::new(record, block)));
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
        let Some(host) = &self.host else { return };
        let mut state = self.state.lock().await;
        if state.users > 0 || state.egress.is_none() {
            return;
        }
        let host = Arc::clone(host);
        match tokio::task::spawn_blocking(move || host.remove()).await {
            Ok(Ok(())) => state.egress = None,
            Ok(Err(error)) => tracing::warn!(%error, "the host's network was not put back"),
            Err(error) => tracing::warn!(%error, "the host's network was not put back"),
        }
    }

    /// Puts the host's network back as it was, for the caller who knows that no sandbox has a link.
    pub(super) async fn release_all(&self) {
        self.state.lock().await.users = 0;
        self.release_if_unused().await;
    }

    /// Has what an earlier engine left on the host removed with the last sandbox, too.
    pub(super) async fn adopt_host(&self) -> Result<()> {
        let Some(host) = &self.host else {
            return Ok(());
        };
        let mut state = self.state.lock().await;
        let left = host.instance().map_err(|error| {
            EngineError::internal("reading the record of the host's network", error)
        })?;
        if left.is_some() {
            let egress = ensure(Arc::clone(host)).await?;
            state.egress = Some((Instant::now(), egress));
        }
        Ok(())
    }
}

impl Links {
    /// Removes links that no sandbox uses: those of sandboxes that were lost with an engine.
    pub(super) async fn sweep(&self) {
        let Some((_, egress)) = self.state.lock().await.egress else {
            return;
        };
        let used = self.indexes.used();
        let swept = tokio::task::spawn_blocking(move || sweep(egress.instance, &used)).await;
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
