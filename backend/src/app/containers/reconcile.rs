//! Bringing the rows of containers in line with their sandboxes and layers.

use ctnr_model::{ContainerId, ContainerState, EventAction, SandboxId};

use super::Container;
use crate::app::locks::Locked;
use crate::app::{App, Result};
use crate::store::{ContainerChange, Phase, tell_container};

impl App {
    /// Compares the containers of this host with what is there: what was under way when the
    /// process before was killed is finished or taken back.
    pub(in crate::app) async fn reconcile_containers(&self) -> Result<()> {
        let store = &self.inner.store;
        for row in store.unsettled_containers(&self.inner.installation).await? {
            // A held lock means that a request is at work on it, and will leave it right.
            let Some(lock) = self.inner.container_locks.try_lock(&row.id) else {
                continue;
            };
            if let Err(error) = self.mend_container(&row.id, &lock).await {
                tracing::warn!(container = %row.label(), %error, "a container could not be brought in line; it is tried again");
            }
        }
        self.forget_unmade_layers().await?;
        self.collect_layers().await;
        Ok(())
    }

    async fn mend_container(&self, id: &ContainerId, lock: &Locked<ContainerId>) -> Result<()> {
        // What was read before the lock was taken may be old.
        let Some(mut row) = self.inner.store.container(id).await? else {
            return Ok(());
        };
        if row.state == ContainerState::Deleting {
            self.remove_container(&row, lock).await?;
            tracing::info!(container = %row.label(), "finished the deletion of a container");
            return Ok(());
        }
        self.catch_up(&mut row, lock).await?;
        self.take_back_orphaned_capture(&mut row, lock).await
    }

    /// Brings the row of a container in line with its sandbox, and finishes a snapshot that was
    /// begun. The container's lock is held, so nothing else is under way.
    pub(super) async fn catch_up(
        &self,
        row: &mut Container,
        lock: &Locked<ContainerId>,
    ) -> Result<()> {
        if row.freezing.is_some() {
            self.resume_freeze(row, lock).await?;
        }
        let sandbox = match &row.sandbox {
            Some(id) => self.inner.store.sandbox(id).await?,
            None => None,
        };
        let there = sandbox.filter(|sandbox| sandbox.phase != Phase::Creating);
        let Some(sandbox) = there else {
            return self.without_sandbox(row).await;
        };
        let is_alive = sandbox.status.state.is_alive();
        match (row.state, is_alive) {
            // A session that came up unseen may not have settled; it is taken down by a start of
            // it, which is what follows where it is needed.
            (ContainerState::Starting | ContainerState::Stopping, true) => {
                let engine = self.engine_of_container(row)?;
                engine
                    .stop(&sandbox.spec.id, std::time::Duration::from_secs(10))
                    .await?;
                row.state = ContainerState::Stopped;
                self.tell_change(row, EventAction::Stop).await
            }
            (
                ContainerState::Starting | ContainerState::Running | ContainerState::Stopping,
                false,
            ) => {
                let was = row.state;
                row.state = ContainerState::Stopped;
                let code = sandbox.status.exit.map_or(0, |exit| exit.code);
                if was == ContainerState::Running && code != 0 {
                    let engine = self.engine_of_container(row)?;
                    let words = self.last_words(&*engine, &sandbox.spec.id).await;
                    row.error = Some(format!(
                        "the session ended by itself (exit code {code}){words}; the next start brings it up again"
                    ));
                }
                let mut event = tell_container(row, EventAction::Die);
                event
                    .attributes
                    .insert("exitCode".to_owned(), code.to_string());
                let change = ContainerChange {
                    events: vec![event],
                    ..ContainerChange::default()
                };
                Ok(self.inner.store.change_container(row, change).await?)
            }
            _ => Ok(()),
        }
    }

    /// A container whose sandbox was never there, or is not any more.
    async fn without_sandbox(&self, row: &mut Container) -> Result<()> {
        let is_down = row.state == ContainerState::Stopped;
        if is_down && row.sandbox.is_none() {
            return Ok(());
        }
        row.sandbox = None;
        row.state = ContainerState::Stopped;
        self.tell_change(row, EventAction::Stop).await
    }

    /// Follows the end of a sandbox that may be a container's.
    pub(in crate::app) async fn follow_end(&self, sandbox: &SandboxId) -> Result<()> {
        let Some(row) = self.inner.store.container_of_sandbox(sandbox).await? else {
            return Ok(());
        };
        if row.state != ContainerState::Running {
            return Ok(());
        }
        let lock = self.inner.container_locks.lock(&row.id).await;
        let Some(mut row) = self.inner.store.container(&row.id).await? else {
            return Ok(());
        };
        if row.state == ContainerState::Running && row.sandbox.as_ref() == Some(sandbox) {
            self.catch_up(&mut row, &lock).await?;
        }
        Ok(())
    }
}
