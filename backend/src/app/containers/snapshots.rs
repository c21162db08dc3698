//! Snapshots, rollback and reset.

use ctnr_model::{ContainerId, ContainerQuery, EventAction, LayerId, SandboxId};
use jiff::Timestamp;

use super::find::must_be_whole;
use super::freeze::tell_of_snapshot;
use super::{Container, Snapshot};
use crate::app::locks::Locked;
use crate::app::{App, AppError, Result};
use crate::store::{ContainerChange, NewEvent, tell_container};

/// The most snapshots of a container.
const MAX_SNAPSHOTS: usize = 1_000;

impl App {
    /// The snapshots of a container, oldest first.
    pub async fn container_snapshots(&self, query: &ContainerQuery) -> Result<Vec<Snapshot>> {
        let row = self.container(query).await?;
        Ok(self.inner.store.snapshots(&row.id).await?)
    }

    /// Keeps what a container holds under a name; without one, under the time. The container is
    /// stopped for that, and stays so.
    pub async fn snapshot_container(
        &self,
        query: &ContainerQuery,
        name: Option<String>,
    ) -> Result<Snapshot> {
        let id = self.container(query).await?.id;
        let name = match name {
            Some(name) => checked_name(name)?,
            None => Timestamp::now()
                .strftime("%Y-%m-%dT%H.%M.%S.%6f")
                .to_string(),
        };
        let app = self.clone();
        self.change(async move { app.snapshot(&id, name).await })
            .await
    }

    async fn snapshot(&self, id: &ContainerId, name: String) -> Result<Snapshot> {
        let lock = self.inner.container_locks.lock(id).await;
        let mut row = self.container_by_id(id).await?;
        must_be_whole(&row)?;
        // A container that runs is not stopped for what is refused anyway.
        self.must_be_free(&row, &name).await?;
        self.down(&mut row, &lock).await?;
        // Going down may have finished a snapshot that was begun before.
        self.must_be_free(&row, &name).await?;
        self.freeze(&mut row, Some(name.clone()), &lock).await?;
        self.inner
            .store
            .snapshot(id, &name)
            .await?
            .ok_or_else(|| AppError::Conflict(format!("snapshot {name} was deleted again")))
    }

    /// Refuses a snapshot that the container has no place for.
    async fn must_be_free(&self, row: &Container, name: &str) -> Result<()> {
        let there = self.inner.store.snapshots(&row.id).await?;
        if there.iter().any(|snapshot| snapshot.name == name) {
            return Err(AppError::Conflict(format!(
                "container {} has a snapshot {name} already; delete that one, or choose another name",
                row.label()
            )));
        }
        if there.len() >= MAX_SNAPSHOTS {
            return Err(AppError::Conflict(format!(
                "container {} has {MAX_SNAPSHOTS} snapshots already; delete some",
                row.label()
            )));
        }
        Ok(())
    }

    /// Forgets a snapshot. Layers that nothing else uses go.
    pub async fn delete_snapshot(&self, query: &ContainerQuery, name: &str) -> Result<()> {
        let id = self.container(query).await?.id;
        let name = name.to_owned();
        let app = self.clone();
        self.change(async move {
            let _lock = app.inner.container_locks.lock(&id).await;
            let mut row = app.container_by_id(&id).await?;
            must_be_whole(&row)?;
            app.snapshot_named(&row, &name).await?;
            let change = ContainerChange {
                drop_snapshot: Some(&name),
                events: vec![tell_of_snapshot(&row, EventAction::Update, &name)],
                ..ContainerChange::default()
            };
            app.inner.store.change_container(&mut row, change).await?;
            app.collect_layers().await;
            Ok(())
        })
        .await
    }

    /// Puts a container back to a snapshot. What it has written since goes; it is stopped for
    /// that, and stays so.
    pub async fn rollback_container(
        &self,
        query: &ContainerQuery,
        name: &str,
    ) -> Result<Container> {
        let id = self.container(query).await?.id;
        let name = name.to_owned();
        let app = self.clone();
        self.change(async move {
            let lock = app.inner.container_locks.lock(&id).await;
            let mut row = app.container_by_id(&id).await?;
            must_be_whole(&row)?;
            let snapshot = app.snapshot_named(&row, &name).await?;
            let event = tell_of_snapshot(&row, EventAction::Rollback, &name);
            app.put_back(&mut row, snapshot.chain, event, &lock).await?;
            Ok(row)
        })
        .await
    }

    /// Drops all that a container has written since it was made. The program stays.
    pub async fn reset_container(&self, query: &ContainerQuery) -> Result<Container> {
        let id = self.container(query).await?.id;
        let app = self.clone();
        self.change(async move {
            let lock = app.inner.container_locks.lock(&id).await;
            let mut row = app.container_by_id(&id).await?;
            must_be_whole(&row)?;
            let base = row.chain[..row.base.min(row.chain.len())].to_vec();
            let event = tell_container(&row, EventAction::Reset);
            app.put_back(&mut row, base, event, &lock).await?;
            Ok(row)
        })
        .await
    }

    /// Gives a container another chain, and lets its sandbox go, in one change.
    pub(super) async fn put_back(
        &self,
        row: &mut Container,
        chain: Vec<LayerId>,
        event: NewEvent,
        lock: &Locked<ContainerId>,
    ) -> Result<()> {
        self.halt(row, lock).await?;
        let sandbox = row.sandbox.take();
        row.chain = chain;
        row.error = None;
        let change = ContainerChange {
            chain: true,
            delete_sandbox: sandbox.as_ref(),
            events: vec![event],
            ..ContainerChange::default()
        };
        self.inner.store.change_container(row, change).await?;
        if let Some(sandbox) = &sandbox {
            self.let_go(row, sandbox).await;
        }
        self.collect_layers().await;
        Ok(())
    }

    /// Removes a sandbox whose deletion is recorded. Where that fails now, it is tried again.
    pub(super) async fn let_go(&self, row: &Container, sandbox: &SandboxId) {
        let lock = self.inner.locks.lock(sandbox).await;
        let removed = match self.engine_of_container(row) {
            Ok(engine) => self.remove(&*engine, sandbox, &lock).await,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!(container = %row.name, %error, "the sandbox of before could not be removed; it is tried again");
        }
    }

    async fn snapshot_named(&self, row: &Container, name: &str) -> Result<Snapshot> {
        self.inner
            .store
            .snapshot(&row.id, name)
            .await?
            .ok_or_else(|| {
                AppError::NotFound(format!("container {} has no snapshot {name}", row.label()))
            })
    }
}

/// Refuses what is no name of a snapshot.
fn checked_name(name: String) -> Result<String> {
    let mut bytes = name.bytes();
    let starts_well = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    let goes_well =
        bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    if starts_well && goes_well && name.len() <= 128 {
        Ok(name)
    } else {
        Err(AppError::BadRequest(format!(
            "name: {name:?} names no snapshot; expected 1 to 128 letters, digits, '_', '.' or '-', beginning with a letter or digit"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["a", "before-update", "1.0_b"] {
            assert!(checked_name(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "-a", "../x", "a b", "ñ", &"a".repeat(129)] {
            assert!(checked_name(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
