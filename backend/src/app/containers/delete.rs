//! Deleting containers.

use std::time::Duration;

use ctnr_model::{ContainerId, ContainerQuery, ContainerState, EventAction};

use super::Container;
use crate::app::locks::Locked;
use crate::app::{App, Result};
use crate::store::{ContainerChange, tell_container};

impl App {
    /// Ends what runs in a container and removes everything of it, its snapshots and the layers
    /// that nothing else uses among it. What fails is tried again until it succeeds.
    pub async fn delete_container(&self, query: &ContainerQuery) -> Result<()> {
        let row = self.container(query).await?;
        let engine = self.engine_of_container(&row)?;
        let app = self.clone();
        self.change(async move {
            let lock = match app.inner.container_locks.try_lock(&row.id) {
                Some(lock) => lock,
                None => {
                    // Something else is under way, a start that waits for its session perhaps.
                    // Ending the sandbox ends the wait; if that fails, the wait is longer, no more.
                    if let Some(sandbox) = &row.sandbox
                        && let Err(error) = engine.stop(sandbox, Duration::ZERO).await
                    {
                        tracing::debug!(container = %row.name, %error, "hurrying a container along failed");
                    }
                    app.inner.container_locks.lock(&row.id).await
                }
            };
            let mut row = app.container_by_id(&row.id).await?;
            app.intend_delete_container(&mut row, &lock).await?;
            app.remove_container(&row, &lock).await
        })
        .await
    }

    /// Records that a container, and its sandbox with it, is to go.
    async fn intend_delete_container(
        &self,
        row: &mut Container,
        _lock: &Locked<ContainerId>,
    ) -> Result<()> {
        if row.state == ContainerState::Deleting {
            return Ok(());
        }
        row.state = ContainerState::Deleting;
        let sandbox = row.sandbox.clone();
        let change = ContainerChange {
            delete_sandbox: sandbox.as_ref(),
            events: vec![tell_container(row, EventAction::Update)],
            ..ContainerChange::default()
        };
        Ok(self.inner.store.change_container(row, change).await?)
    }

    /// Removes a container whose deletion is recorded.
    pub(super) async fn remove_container(
        &self,
        row: &Container,
        _lock: &Locked<ContainerId>,
    ) -> Result<()> {
        let engine = self.engine_of_container(row)?;
        if let Some(sandbox) = &row.sandbox {
            let lock = self.inner.locks.lock(sandbox).await;
            self.remove(&*engine, sandbox, &lock).await?;
        }
        if let Some(freezing) = &row.freezing {
            engine.remove_layer(&freezing.layer).await?;
        }
        let event = tell_container(row, EventAction::Delete);
        self.inner.store.forget_container(&row.id, &[event]).await?;
        if let Some(freezing) = &row.freezing {
            self.inner.store.forget_layer(&freezing.layer).await?;
        }
        self.collect_layers().await;
        Ok(())
    }
}
