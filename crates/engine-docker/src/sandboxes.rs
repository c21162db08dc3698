//! Which container is which sandbox's.

use std::collections::HashMap;
use std::sync::Mutex;

use bollard::query_parameters::ListContainersOptions;
use ctnr_engine::{EngineError, Result};
use ctnr_model::SandboxId;

use crate::daemon::Daemon;
use crate::lock::lock;
use crate::owner::Owner;

/// A container's id, as the daemon drew it. It is safe in a URL.
pub(crate) type ContainerId = String;

/// The containers of the owner's sandboxes, found by label and remembered.
#[derive(Debug)]
pub(crate) struct Sandboxes {
    daemon: Daemon,
    owner: Owner,
    known: Mutex<HashMap<SandboxId, ContainerId>>,
}

impl Sandboxes {
    pub(crate) fn new(daemon: Daemon, owner: Owner) -> Self {
        Self {
            daemon,
            owner,
            known: Mutex::default(),
        }
    }

    /// The sandbox's container.
    ///
    /// # Errors
    /// [`EngineError::SandboxNotFound`] where there is none.
    pub(crate) async fn container(&self, id: &SandboxId) -> Result<ContainerId> {
        if let Some(container) = lock(&self.known).get(id) {
            return Ok(container.clone());
        }
        let container = self.find(id).await?.ok_or(EngineError::SandboxNotFound)?;
        self.remember(id, &container);
        Ok(container)
    }

    /// Asks the daemon for the sandbox's container.
    pub(crate) async fn find(&self, id: &SandboxId) -> Result<Option<ContainerId>> {
        let options = ListContainersOptions {
            all: true,
            filters: Some(self.owner.filter_of(id)),
            ..ListContainersOptions::default()
        };
        let found = self
            .daemon
            .call(
                "looking for the sandbox",
                self.daemon.api().list_containers(Some(options)),
            )
            .await?;
        Ok(found.into_iter().find_map(|container| container.id))
    }

    pub(crate) fn remember(&self, id: &SandboxId, container: &str) {
        lock(&self.known).insert(id.clone(), container.to_owned());
    }

    pub(crate) fn forget(&self, id: &SandboxId) {
        lock(&self.known).remove(id);
    }
}
