//! The host's side of sandboxes' networks: made for the first sandbox, gone after the last.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ctnr_engine::{EngineError, Result};
use ctnr_model::NetworkMode;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

use super::identity::Identity;
use super::indexes::Indexes;
use crate::launcher;
use crate::network::{Block, Egress, HostNetwork, Instance, LinkPlan, resolver, sweep};
use crate::protocol::NetworkLaunch;

/// How often the host's uplinks and firewall are looked at while the network is set up.
const LOOK: Duration = Duration::from_secs(60);

/// How long the host's network is kept after its last use, for the next sandbox: to set it up
/// anew takes a create several times as long, and people and agents think for a while between two.
const IDLE: Duration = Duration::from_secs(30);

/// Gives sandboxes their links.
pub(super) struct Links {
    host: Option<Arc<HostNetwork>>,
    /// Each start takes another number: the kernel takes a moment to remove the link of the last.
    indexes: Indexes,
    /// Held by who brings the host's network up to date or puts it back while nobody waits for
    /// that; taken before `state`.
    turn: Mutex<()>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    egress: Option<Egress>,
    /// Looks at the host while `egress` is there.
    looking: Option<AbortHandle>,
    users: u32,
    /// When a link was given back last.
    released: Option<Instant>,
    /// Whether somebody waits for the network to be idle.
    is_waited_for: bool,
}

impl State {
    /// How long the host's network is to be kept still; `None` where sandboxes use it, or where it
    /// is not set up.
    fn kept_for(&self) -> Option<Duration> {
        let is_idle = self.users == 0 && self.egress.is_some();
        let since = self.released.map_or(IDLE, |released| released.elapsed());
        is_idle.then(|| IDLE.saturating_sub(since))
    }

    /// There is no network on the host for sandboxes.
    fn forget(&mut self) {
        self.egress = None;
        if let Some(looking) = self.looking.take() {
            looking.abort();
        }
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
            turn: Mutex::default(),
            state: Arc::default(),
        }
    }

    /// Whether sandboxes can have links.
    pub(super) fn available(&self) -> bool {
        self.host.is_some()
    }

    /// The network of a new sandbox. Where it has a link, [`Links::release`] is owed.
    pub(super) async fn take(self: &Arc<Self>, mode: NetworkMode) -> Result<NetworkLaunch> {
        let (NetworkMode::Open, Some(host)) = (mode, &self.host) else {
            return Ok(NetworkLaunch {
                link: None,
                resolv_conf: String::new(),
            });
        };
        let mut state = self.state.lock().await;
        let egress = match state.egress {
            Some(egress) => egress,
            None => self.set_up(host, &mut state).await?,
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
    /// use it, it is left to the end of the last of them; where somebody waits already, to them.
    pub(super) async fn release_when_idle(&self) {
        if std::mem::replace(&mut self.state.lock().await.is_waited_for, true) {
            return;
        }
        loop {
            let turn = self.turn.lock().await;
            let mut state = self.state.lock().await;
            match state.kept_for() {
                Some(Duration::ZERO) => self.put_back(&mut state).await,
                Some(remaining) => {
                    drop((state, turn));
                    tokio::time::sleep(remaining).await;
                    continue;
                }
                None => {}
            }
            state.is_waited_for = false;
            return;
        }
    }

    /// Puts the host's network back as it was, for the caller who knows that no sandbox has a link.
    pub(super) async fn release_all(&self) {
        let _turn = self.turn.lock().await;
        let mut state = self.state.lock().await;
        state.users = 0;
        self.put_back(&mut state).await;
    }

    async fn put_back(&self, state: &mut State) {
        let Some(host) = &self.host else { return };
        let host = Arc::clone(host);
        match tokio::task::spawn_blocking(move || host.remove()).await {
            Ok(Ok(())) => state.forget(),
            Ok(Err(error)) => tracing::warn!(%error, "the host's network was not put back"),
            Err(error) => tracing::warn!(%error, "the host's network was not put back"),
        }
    }

    /// Sets the host's network up, and has it looked at from then on.
    async fn set_up(
        self: &Arc<Self>,
        host: &Arc<HostNetwork>,
        state: &mut State,
    ) -> Result<Egress> {
        let egress = ensure(Arc::clone(host)).await?;
        state.egress = Some(egress);
        let looking = tokio::spawn(keep_looking(Arc::downgrade(self), Arc::clone(host)));
        if let Some(before) = state.looking.replace(looking.abort_handle()) {
            before.abort();
        }
        Ok(egress)
    }

    /// Brings the host's network up to date, without a sandbox that waits for that. Whether it is
    /// set up still.
    async fn look(&self, host: &Arc<HostNetwork>) -> bool {
        let _turn = self.turn.lock().await;
        if self.state.lock().await.egress.is_none() {
            return false;
        }
        let looked = ensure(Arc::clone(host)).await;
        let mut state = self.state.lock().await;
        match looked {
            Ok(egress) => state.egress = Some(egress),
            Err(error) => {
                tracing::warn!(%error, "the next sandbox sets the host's network up again");
                state.egress = None;
            }
        }
        state.egress.is_some()
    }

    /// Takes over what an earlier engine left on the host, once all sandboxes are counted: links
    /// that none uses go, and without any the host's network is put back. That is done in the
    /// background, since it may have to wait for other engines of the host; a sandbox that is
    /// started meanwhile waits for it.
    pub(super) async fn adopt_host(self: &Arc<Self>) -> Result<()> {
        let Some(host) = self.host.clone() else {
            return Ok(());
        };
        let left = host.instance().map_err(|error| {
            EngineError::internal("reading the record of the host's network", error)
        })?;
        let mut state = Arc::clone(&self.state).lock_owned().await;
        let links = Arc::clone(self);
        tokio::spawn(async move {
            if let Some(instance) = left {
                links.sweep(instance).await;
            }
            if state.users == 0 {
                links.put_back(&mut state).await;
            } else if let Err(error) = links.set_up(&host, &mut state).await {
                tracing::error!(%error, "the network of the sandboxes that run was not brought up to date");
            }
        });
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

/// Follows the host's uplinks and firewall, which may come and go, until there is nothing to follow.
async fn keep_looking(links: Weak<Links>, host: Arc<HostNetwork>) {
    loop {
        tokio::time::sleep(LOOK).await;
        match links.upgrade() {
            Some(links) if links.look(&host).await => {}
            _ => return,
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
            egress: Some(egress),
            looking: None,
            users,
            released: now.checked_sub(Duration::from_secs(seconds)),
            is_waited_for: false,
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
