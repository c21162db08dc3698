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

/// How long the host's network is kept after its last use, for the next sandbox: to set it up
/// anew takes a create ten times as long.
const IDLE: Duration = Duration::from_secs(5);

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
    /// When a link was given back last.
    released: Option<Instant>,
}

impl State {
    /// How long the host's network is to be kept still; `None` where sandboxes use it, or where it
    /// is not set up.
    fn kept_for(&self) -> Option<Duration> {
        let is_idle = self.users == 0 && self.egress.is_some();
        let since = self.released.map_or(IDLE, |released| released.elapsed());
        is_idle.then(|| IDLE.saturating_sub(since))
    }
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
            state.released = Some(Instant::now());
        }
    }

    /// Puts the host's network back as it was when nobody has used it for a while. Where sandboxes
    /// use it, it is left to the end of the last of them.
    pub(super) async fn release_when_idle(&self) {
        loop {
            let remaining = {
                let mut state = self.state.lock().await;
                match state.kept_for() {
                    None => return,
                    Some(Duration::ZERO) => return self.put_back(&mut state).await,
                    Some(remaining) => remaining,
                }
            };
            tokio::time::sleep(remaining).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_kept_from_its_last_use_on() {
        let egress = Egress {
            instance: Instance::new(0, None),
            ipv6: None,
        };
        let now = Instant::now();
        let state = |users, seconds| State {
            egress: Some((now, egress)),
            users,
            released: now.checked_sub(Duration::from_secs(seconds)),
        };
        assert_eq!(state(1, 60).kept_for(), None, "it is in use");
        assert_eq!(state(0, 60).kept_for(), Some(Duration::ZERO));
        assert!(
            state(0, 1)
                .kept_for()
                .is_some_and(|kept| kept > Duration::from_secs(3))
        );
        assert_eq!(State::default().kept_for(), None, "it is not set up");
    }
}
