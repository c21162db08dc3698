//! Deleting sandboxes.

use std::time::{Duration, Instant};

use ctnr_engine::SandboxEngine;
use ctnr_model::{EventAction, ExitStatus, SandboxId, SandboxQuery, SandboxState};
use jiff::Timestamp;

use super::locks::Locked;
use super::settle::tell;
use super::{App, AppError, Result};
use crate::store::{NewEvent, SandboxRow, StoreError};

/// How long the files of a removed sandbox may take to go from a full disk.
const EMPTYING: Duration = Duration::from_secs(10);

impl App {
    /// Ends a sandbox's program at once and removes everything of it. Where the engine fails, the
    /// sandbox stays listed and its removal is tried again until it succeeds.
    pub async fn delete_sandbox(&self, query: &SandboxQuery) -> Result<()> {
        let row = self.find(query).await?;
        self.refuse_container(&row, "delete").await?;
        let engine = self.engine_of(&row)?;
        let app = self.clone();
        self.change(async move { app.delete(&*engine, row).await })
            .await
    }

    async fn delete(&self, engine: &dyn SandboxEngine, row: SandboxRow) -> Result<()> {
        let id = &row.spec.id;
        match self.inner.store.intend_delete(id).await {
            Ok(true) => {}
            Ok(false) => return Err(AppError::sandbox_not_found()),
            // What is removed makes the room to write it down.
            Err(error @ StoreError::Full { .. }) => {
                tracing::warn!(id = id.short(), %error, "a sandbox is removed without that");
            }
            Err(error) => return Err(error.into()),
        }
        let lock = match self.inner.locks.try_lock(id) {
            Some(lock) => lock,
            None => {
                // Something else is under way, a restart that waits for the program perhaps.
                // Killing the program ends the wait; if it fails, the wait is longer, no more.
                if let Err(error) = engine.stop(id, Duration::ZERO).await {
                    tracing::debug!(id = id.short(), %error, "hurrying a sandbox along failed");
                }
                self.inner.locks.lock(id).await
            }
        };
        self.remove(engine, id, &lock).await
    }

    /// Removes a sandbox from the engine and then from the database.
    pub(super) async fn remove(
        &self,
        engine: &dyn SandboxEngine,
        id: &SandboxId,
        _lock: &Locked<SandboxId>,
    ) -> Result<()> {
        let Some(mut row) = self.inner.store.sandbox(id).await? else {
            return Ok(());
        };
        engine.delete(id).await?;
        let now = Timestamp::now();
        let mut events = Vec::with_capacity(2);
        if row.status.state.is_alive() {
            row.status.state = SandboxState::Exited;
            row.status.exit = Some(ExitStatus::signaled(9));
            events.push(tell(&row, EventAction::Die, now));
        }
        events.push(tell(&row, EventAction::Delete, now));
        self.forget(id, &events).await
    }

    /// Forgets what the engine has removed. Where the disk is full, that waits for the files to go.
    async fn forget(&self, id: &SandboxId, events: &[NewEvent]) -> Result<()> {
        let started = Instant::now();
        loop {
            match self.inner.store.forget(id, events).await {
                Err(StoreError::Full { .. }) if started.elapsed() < EMPTYING => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                forgotten => return Ok(forgotten?),
            }
        }
    }
}
