//! Deleting sandboxes.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ctnr_engine::{EngineError, Result};
use ctnr_model::SandboxId;

use super::Inner;
use super::adopt::remove_groups;
use super::life::end;
use super::sandbox::Sandbox;
use crate::protocol::Request;

/// How long killing everything in a sandbox may take before its supervisor is killed as well.
const LIMIT: Duration = Duration::from_secs(10);

/// Ends a sandbox and removes it. When it returns, the sandbox is gone for good: what is left to
/// do is done again by the next engine if this one dies.
pub(super) async fn delete(inner: &Arc<Inner>, id: &SandboxId) -> Result<()> {
    let Ok(sandbox) = inner.sandbox(id) else {
        return Ok(());
    };
    let inner = Arc::clone(inner);
    tokio::spawn(async move {
        // Ended before the turn is taken: a stop that waits for its grace holds it.
        let root = end(&sandbox, &Request::Discard, LIMIT).await?;
        let _turn = sandbox.turn.lock().await;
        if inner.sandbox(&sandbox.id).is_err() {
            return Ok(());
        }
        let again = end(&sandbox, &Request::Discard, LIMIT).await?;
        inner
            .trash
            .throw_mounted(&sandbox.directory, root.into_iter().chain(again))
            .map_err(|error| EngineError::internal("removing the sandbox's files", error))?;
        inner
            .sandboxes
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&sandbox.id);
        sandbox.release_layers();
        tokio::spawn(clean_up(Arc::clone(&inner), Arc::clone(&sandbox)));
        Ok(())
    })
    .await
    .map_err(|error| EngineError::internal("deleting the sandbox", error))?
}

/// Gives back what a sandbox had of the host beside its files.
pub(super) async fn clean_up(inner: Arc<Inner>, sandbox: Arc<Sandbox>) {
    let group = sandbox.record().and_then(|record| record.cgroup);
    remove_groups(group.into_iter().collect()).await;
    inner.indexes.release(sandbox.index);
    inner.links.release_when_idle().await;
}
