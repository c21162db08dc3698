//! Bringing the database and the host together: at start, and from time to time.
//!
//! Only sandboxes of this installation are looked at. What was being made when the process before
//! was killed was never acknowledged, and goes; what was being deleted goes; what exists gets its
//! present state. What an engine holds and the database does not know goes too, where it is certain
//! that no other database knows it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ctnr_engine::{EngineError, Observed, SandboxEngine};
use ctnr_model::{ExitStatus, SandboxId, SandboxState, SandboxStatus};
use jiff::Timestamp;

use super::locks::Locked;
use super::settle::Observation;
use super::{App, Result};
use crate::store::{Phase, SandboxRow};

/// How often the two are compared, and how soon again when it failed.
const INTERVAL: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_secs(2);

/// How many events are kept.
const EVENTS_KEPT: u32 = 100_000;

/// The exit code where nobody saw the program end, as Docker has it.
const UNSEEN_EXIT: i32 = 255;

/// Compares until the platform stops.
pub(super) async fn keep_true(app: App) {
    let mut greeted = HashSet::new();
    loop {
        let mut pause = INTERVAL;
        app.inner.store.keep_reserve().await;
        let change = app.inner.engines.changes();
        for engine in app.inner.engines.available() {
            match app.reconcile(&engine).await {
                Ok(adopted) => {
                    if greeted.insert(engine.kind()) && adopted > 0 {
                        tracing::info!(engine = %engine.kind(), "found {adopted} running sandboxes of before, and goes on with them");
                    }
                }
                Err(error) => {
                    tracing::warn!(engine = %engine.kind(), %error, "comparing the host with the database failed; it is tried again");
                    pause = RETRY;
                }
            }
        }
        if let Err(error) = app.reconcile_containers().await {
            tracing::warn!(%error, "comparing the containers with the host failed; it is tried again");
            pause = RETRY;
        }
        if let Err(error) = app.inner.store.prune_events(EVENTS_KEPT).await {
            tracing::warn!(%error, "old events were not pruned; it is tried again");
        }
        tokio::select! {
            () = app.inner.stopping.cancelled() => return,
            () = change => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl App {
    /// Compares once. Returns how many sandboxes run.
    async fn reconcile(&self, engine: &Arc<dyn SandboxEngine>) -> Result<usize> {
        let kind = engine.kind();
        let mut observed: HashMap<SandboxId, Observed> = engine
            .list()
            .await?
            .into_iter()
            .map(|observed| (observed.id.clone(), observed))
            .collect();
        let rows = self
            .inner
            .store
            .sandboxes_of(&self.inner.installation, kind)
            .await?;
        let mut alive = 0;
        for row in rows {
            let seen = observed.remove(&row.spec.id);
            alive += usize::from(
                seen.as_ref()
                    .is_some_and(|seen| seen.status.state.is_alive()),
            );
            if !differs(&row, seen.as_ref()) {
                continue;
            }
            // A held lock means that a request is at work on it, and will leave it right.
            let Some(lock) = self.inner.locks.try_lock(&row.spec.id) else {
                continue;
            };
            if let Err(error) = self.mend(&**engine, &row.spec.id, seen, &lock).await {
                tracing::warn!(id = row.spec.id.short(), name = %row.spec.name, %error, "a sandbox could not be brought in line; it is tried again");
            }
        }
        for id in observed.into_keys() {
            self.reap(&**engine, &id).await?;
        }
        Ok(alive)
    }

    /// Brings one sandbox in line. What was read before the lock was taken may be old, so both
    /// sides are asked again.
    async fn mend(
        &self,
        engine: &dyn SandboxEngine,
        id: &SandboxId,
        seen: Option<Observed>,
        lock: &Locked<SandboxId>,
    ) -> Result<()> {
        let Some(row) = self.inner.store.sandbox(id).await? else {
            return Ok(());
        };
        match row.phase {
            Phase::Creating => {
                engine.delete(id).await?;
                self.inner.store.forget(id, &[]).await?;
                tracing::info!(id = id.short(), name = %row.spec.name, "removed a sandbox whose creation had been cut short");
            }
            Phase::Deleting => {
                self.remove(engine, id, lock).await?;
                tracing::info!(id = id.short(), name = %row.spec.name, "finished the deletion of a sandbox");
            }
            Phase::Present => {
                let status = match engine.status(id).await {
                    Ok(status) => status,
                    Err(EngineError::SandboxNotFound) => lost(&row),
                    Err(error) => return Err(error.into()),
                };
                let state = status.state;
                let code = status.exit.map(|exit| exit.code);
                // A stopped sandbox shows no ports, and keeps its numbers for the next start.
                let ports = seen
                    .map(|seen| seen.ports)
                    .filter(|ports| status.state.is_alive() && !ports.is_empty());
                let seen = Observation { status, ports };
                self.settle(id, seen, &[], lock).await?;
                if row.status.state != state {
                    tracing::info!(id = id.short(), name = %row.spec.name, code, "a sandbox went from {} to {state} unseen", row.status.state);
                }
            }
        }
        Ok(())
    }

    /// Removes what an engine holds and the database does not know.
    async fn reap(&self, engine: &dyn SandboxEngine, id: &SandboxId) -> Result<()> {
        let Some(_lock) = self.inner.locks.try_lock(id) else {
            return Ok(());
        };
        if self.inner.store.sandbox(id).await?.is_some() {
            return Ok(());
        }
        if !self.inner.reap_unknown {
            tracing::debug!(
                id = id.short(),
                "left a sandbox alone that another database may know"
            );
            return Ok(());
        }
        engine.delete(id).await?;
        tracing::info!(id = id.short(), engine = %engine.kind(), "removed a sandbox that the database does not know");
        Ok(())
    }
}

/// Whether a row and what its engine shows are worth a closer look.
fn differs(row: &SandboxRow, seen: Option<&Observed>) -> bool {
    match (row.phase, seen) {
        (Phase::Present, Some(seen)) => {
            row.status.state != seen.status.state
                || row.status.pid != seen.status.pid
                || (row.ports != seen.ports && !seen.ports.is_empty())
        }
        (Phase::Present, None) => row.status.state.is_alive(),
        (Phase::Creating | Phase::Deleting, _) => true,
    }
}

/// The state of a sandbox that its engine lost: it ended, nobody knows how.
fn lost(row: &SandboxRow) -> SandboxStatus {
    SandboxStatus {
        state: SandboxState::Exited,
        pid: None,
        started_at: row.status.started_at,
        finished_at: Some(Timestamp::now()),
        exit: Some(ExitStatus::exited(UNSEEN_EXIT)),
    }
}
