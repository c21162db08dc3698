//! The networks that sandboxes are on.
//!
//! All sandboxes of an owner share one bridge on which the daemon lets none reach another. Where
//! it can't do that (Podman, or a kernel without `br_netfilter`), each sandbox has a bridge of its
//! own. Networks are made when needed and removed with the last sandbox on them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use bollard::models::{NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest};
use bollard::query_parameters::{ListContainersOptions, ListNetworksOptions};
use ctnr_engine::{Capability, EngineError, Result};
use ctnr_model::{NetworkMode, SandboxId, SandboxSpec};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, RwLock, RwLockReadGuard};

use crate::daemon::Daemon;
use crate::owner::Owner;

/// The network mode of a sandbox that has none.
const NONE: &str = "none";

/// The networks of an owner's sandboxes.
#[derive(Debug)]
pub(crate) struct Networks {
    daemon: Daemon,
    owner: Owner,
    /// The name of the network that all share.
    shared: String,
    own_each: AtomicBool,
    /// Held shared while a sandbox is made or started, so that its network is not removed between
    /// being found and being used.
    use_or_remove: RwLock<()>,
    /// Held while networks are made or removed: old daemons make two of one name.
    making: Mutex<()>,
}

impl Networks {
    pub(crate) fn new(daemon: Daemon, owner: Owner, own_each: bool) -> Self {
        let hash = Sha256::digest(owner.as_str().as_bytes());
        let hash: String = hash
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            own_each: AtomicBool::new(own_each || daemon.is_podman()),
            daemon,
            owner,
            shared: format!("ctnr-{hash}"),
            use_or_remove: RwLock::default(),
            making: Mutex::default(),
        }
    }

    /// Keeps networks from being removed.
    pub(crate) async fn in_use(&self) -> RwLockReadGuard<'_, ()> {
        self.use_or_remove.read().await
    }

    /// The network mode for a sandbox, with its network made.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] for published ports without a network.
    pub(crate) async fn mode(&self, spec: &SandboxSpec) -> Result<String> {
        match spec.network {
            NetworkMode::None if spec.ports.is_empty() => Ok(NONE.to_owned()),
            NetworkMode::None => Err(EngineError::Unsupported {
                capability: Capability::PortsWithoutEgress,
                remedy: "publish no ports, allow the network, or use the native engine",
            }),
            NetworkMode::Open => {
                if !self.own_each.load(Ordering::Relaxed) {
                    match self.ensure(&self.shared).await {
                        Err(error) if is_netfilter(&error) => {
                            tracing::info!(%error, "every sandbox gets a network of its own");
                            self.own_each.store(true, Ordering::Relaxed);
                        }
                        result => return result.map(|()| self.shared.clone()),
                    }
                }
                let name = own_name(&spec.id);
                self.ensure(&name).await?;
                Ok(name)
            }
        }
    }

    /// Makes the network of this name where it is missing.
    pub(crate) async fn ensure(&self, name: &str) -> Result<()> {
        let _making = self.making.lock().await;
        if self.exists(name).await? {
            return Ok(());
        }
        let options = if name == self.shared {
            HashMap::from([(
                "com.docker.network.bridge.enable_icc".to_owned(),
                "false".to_owned(),
            )])
        } else if self.daemon.is_podman() {
            HashMap::from([("isolate".to_owned(), "true".to_owned())])
        } else {
            HashMap::new()
        };
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            options: Some(options),
            labels: Some(self.owner.network_labels()),
            ..NetworkCreateRequest::default()
        };
        let doing = "making the sandboxes' network";
        self.daemon
            .call(doing, self.daemon.api().create_network(request))
            .await
            .map(drop)
    }

    /// Makes the network of a container that lost it, and puts the container on it: the daemon
    /// knows networks by id, and the one that is made has another.
    pub(crate) async fn restore(&self, name: &str, container: &str) -> Result<()> {
        self.ensure(name).await?;
        let api = self.daemon.api();
        let leave = NetworkDisconnectRequest {
            container: container.to_owned(),
            force: Some(true),
        };
        let left = self
            .daemon
            .call("leaving a network", api.disconnect_network(name, leave))
            .await;
        if let Err(error) = left {
            tracing::debug!(%error, name, "the container was not on the network");
        }
        let join = NetworkConnectRequest {
            container: container.to_owned(),
            endpoint_config: None,
        };
        self.daemon
            .call("joining a network", api.connect_network(name, join))
            .await
    }

    async fn exists(&self, name: &str) -> Result<bool> {
        let options = ListNetworksOptions {
            filters: Some(HashMap::from([("name".to_owned(), vec![name.to_owned()])])),
        };
        let found = self
            .daemon
            .call(
                "listing networks",
                self.daemon.api().list_networks(Some(options)),
            )
            .await?;
        Ok(found
            .iter()
            .any(|network| network.name.as_deref() == Some(name)))
    }

    /// Removes the networks that a deleted sandbox was the last on. What can't be removed is in
    /// use, and goes with the next.
    pub(crate) async fn release(&self, id: &SandboxId) {
        // One after the other, so that the last finds no one else's sandbox half-removed.
        let _making = self.making.lock().await;
        // Who uses a network at this moment releases it as well, or its sandbox's deletion does.
        let Ok(_alone) = self.use_or_remove.try_write() else {
            return;
        };
        if self.own_each.load(Ordering::Relaxed) {
            self.remove(&own_name(id)).await;
        }
        let options = ListContainersOptions {
            all: true,
            limit: Some(1),
            filters: Some(self.owner.filter()),
            ..ListContainersOptions::default()
        };
        let left = self
            .daemon
            .call(
                "listing sandboxes",
                self.daemon.api().list_containers(Some(options)),
            )
            .await;
        if left.is_ok_and(|left| left.is_empty()) {
            self.remove(&self.shared).await;
        }
    }

    async fn remove(&self, name: &str) {
        let removed = self
            .daemon
            .call("removing a network", self.daemon.api().remove_network(name))
            .await;
        if let Err(error) = removed {
            tracing::debug!(%error, name, "network not removed");
        }
    }
}

fn own_name(id: &SandboxId) -> String {
    format!("ctnr-{}", id.short())
}

/// Whether the daemon can't keep sandboxes on one bridge apart.
fn is_netfilter(error: &EngineError) -> bool {
    let text = error.to_string();
    text.contains("br_netfilter")
        || text.contains("bridge-nf-call")
        || text.contains("restrict inter")
}

/// Whether a failed start is for want of its network.
pub(crate) fn is_missing(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    lower.contains("network") && lower.contains("not found")
}
