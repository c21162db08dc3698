//! Making a layer of what a container has written.

use ctnr_engine::EngineError;
use ctnr_model::{ContainerId, EventAction, LayerId};
use jiff::Timestamp;

use super::{Container, Snapshot};
use crate::app::locks::Locked;
use crate::app::settle::tell;
use crate::app::{App, AppError, Result};
use crate::store::{
    CaptureRow, Captured, ContainerChange, Freezing, LayerPhase, LayerRow, tell_container,
};

/// The most layers over a runtime: as many as the native engine puts over an image's.
pub(super) const MAX_CHAIN: usize = 100;

impl App {
    /// Makes a layer of the sandbox of a container that is down, if it has one, and keeps what the
    /// container holds then as a snapshot, if that is wanted.
    pub(super) async fn freeze(
        &self,
        row: &mut Container,
        snapshot: Option<String>,
        lock: &Locked<ContainerId>,
    ) -> Result<()> {
        self.freeze_as(row, snapshot, None, lock).await
    }

    /// The same, with what the container becomes where an installer has written to the sandbox.
    pub(super) async fn freeze_as(
        &self,
        row: &mut Container,
        snapshot: Option<String>,
        captured: Option<Captured>,
        lock: &Locked<ContainerId>,
    ) -> Result<()> {
        let Some(sandbox) = row.sandbox.clone() else {
            return self.keep_as(row, snapshot).await;
        };
        if row.chain.len() >= MAX_CHAIN {
            return Err(AppError::Conflict(format!(
                "container {} has {MAX_CHAIN} layers already; roll it back to an earlier snapshot, or reset it",
                row.label()
            )));
        }
        let engine = self.engine_of_container(row)?;
        let layer = LayerRow {
            id: LayerId::from_random(rand::random()),
            host: row.host.clone(),
            engine: row.engine,
            phase: LayerPhase::Freezing,
            size: 0,
            kept_until: Timestamp::MAX,
        };
        row.freezing = Some(Freezing {
            layer: layer.id.clone(),
            snapshot,
            captured,
        });
        let change = ContainerChange {
            making: Some(&layer),
            ..ContainerChange::default()
        };
        self.inner.store.change_container(row, change).await?;
        if let Err(error) = engine.freeze(&sandbox, &layer.id).await {
            self.take_back_freeze(row, &layer.id).await?;
            return Err(error.into());
        }
        self.finish_freeze(row, lock).await
    }

    /// Records that the sandbox has become a layer.
    pub(super) async fn finish_freeze(
        &self,
        row: &mut Container,
        _lock: &Locked<ContainerId>,
    ) -> Result<()> {
        let Some(freezing) = row.freezing.take() else {
            return Ok(());
        };
        let sandbox = row.sandbox.take();
        row.chain.push(freezing.layer.clone());
        let snapshot = freezing.snapshot.map(|name| snapshot_of(row, name));
        let capture = freezing
            .captured
            .map(|captured| become_program(row, captured, &freezing.layer));
        let mut events = Vec::new();
        if let Some(id) = &sandbox
            && let Some(sandbox) = self.inner.store.sandbox(id).await?
        {
            events.push(tell(&sandbox, EventAction::Delete, Timestamp::now()));
        }
        if let Some(snapshot) = &snapshot {
            events.push(tell_of_snapshot(row, EventAction::Snapshot, &snapshot.name));
        }
        let change = ContainerChange {
            chain: true,
            made: Some((&freezing.layer, 0)),
            captured: capture.as_ref(),
            snapshot: snapshot.as_ref(),
            forget_sandbox: sandbox.as_ref(),
            events,
            ..ContainerChange::default()
        };
        Ok(self.inner.store.change_container(row, change).await?)
    }

    /// Records that the sandbox has not become a layer after all.
    async fn take_back_freeze(&self, row: &mut Container, layer: &LayerId) -> Result<()> {
        row.freezing = None;
        let change = ContainerChange {
            not_made: Some(layer),
            ..ContainerChange::default()
        };
        Ok(self.inner.store.change_container(row, change).await?)
    }

    /// Goes on with the freezing that a process before this one began. Where the engine can't do
    /// it, it was never acknowledged, and is taken back.
    pub(super) async fn resume_freeze(
        &self,
        row: &mut Container,
        lock: &Locked<ContainerId>,
    ) -> Result<()> {
        let (Some(freezing), Some(sandbox)) = (row.freezing.clone(), row.sandbox.clone()) else {
            return Ok(());
        };
        let engine = self.engine_of_container(row)?;
        match engine.freeze(&sandbox, &freezing.layer).await {
            Ok(()) => self.finish_freeze(row, lock).await,
            Err(EngineError::Unavailable(message)) => Err(AppError::Unavailable(message)),
            Err(error) => {
                tracing::warn!(container = %row.name, %error, "a snapshot that had been begun could not be made");
                self.take_back_freeze(row, &freezing.layer).await
            }
        }
    }

    /// Keeps what a container without a sandbox holds as a snapshot, if that is wanted.
    async fn keep_as(&self, row: &mut Container, snapshot: Option<String>) -> Result<()> {
        let Some(name) = snapshot else {
            return Ok(());
        };
        let snapshot = snapshot_of(row, name);
        let change = ContainerChange {
            snapshot: Some(&snapshot),
            events: vec![tell_of_snapshot(row, EventAction::Snapshot, &snapshot.name)],
            ..ContainerChange::default()
        };
        Ok(self.inner.store.change_container(row, change).await?)
    }
}

/// Makes what an installer has left the program of a container.
fn become_program(row: &mut Container, captured: Captured, layer: &LayerId) -> CaptureRow {
    row.base = row.chain.len();
    row.capture = None;
    row.error = None;
    row.spec.manifest = Some(captured.manifest);
    row.spec.entry_points = captured.entry_points;
    CaptureRow {
        layer: layer.clone(),
        job: captured.job,
        document: captured.document,
        created_at: Timestamp::now(),
    }
}

fn snapshot_of(row: &Container, name: String) -> Snapshot {
    Snapshot {
        name,
        chain: row.chain.clone(),
        created_at: Timestamp::now(),
    }
}

/// An event about a container's snapshot.
pub(super) fn tell_of_snapshot(
    row: &Container,
    action: EventAction,
    snapshot: &str,
) -> crate::store::NewEvent {
    let mut event = tell_container(row, action);
    event
        .attributes
        .insert("snapshot".to_owned(), snapshot.to_owned());
    event
}
