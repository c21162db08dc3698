//! Removing sandboxes.

use std::time::Duration;

use bollard::query_parameters::RemoveContainerOptions;
use ctnr_engine::{EngineError, Result};
use ctnr_model::SandboxId;

use crate::engine::Shared;

/// How often a removal that someone else began is looked at, and for how long.
const POLL: Duration = Duration::from_millis(50);
const POLLS: u32 = 600;

impl Shared {
    /// Kills the sandbox and removes it with its volumes and, with the last one, the network. A
    /// sandbox that is gone is no error.
    pub(crate) async fn delete(&self, id: &SandboxId) -> Result<()> {
        let container = match self.sandboxes.container(id).await {
            Ok(container) => container,
            Err(EngineError::SandboxNotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.discard(id, &container).await?;
        self.detached.forget(id);
        self.networks.release(id).await;
        Ok(())
    }

    /// Removes a container.
    pub(crate) async fn discard(&self, id: &SandboxId, container: &str) -> Result<()> {
        for _ in 0..POLLS {
            let options = RemoveContainerOptions {
                v: true,
                force: true,
                link: false,
            };
            let removed = self
                .daemon
                .call(
                    "deleting the sandbox",
                    self.daemon.api().remove_container(container, Some(options)),
                )
                .await;
            match removed {
                Ok(()) | Err(EngineError::SandboxNotFound) => {
                    self.sandboxes.forget(id);
                    return Ok(());
                }
                // The daemon is at it already, for another caller.
                Err(EngineError::Conflict(text)) if text.contains("already in progress") => {
                    tokio::time::sleep(POLL).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(EngineError::Timeout(
            "deleting the sandbox: the daemon does not finish its removal; look at its log"
                .to_owned(),
        ))
    }
}
