//! Stopping sandboxes and starting them again.

use std::time::Duration;

use ctnr_engine::{SandboxEngine, Started};
use ctnr_model::{EventAction, SandboxQuery};

use super::settle::Observation;
use super::{App, AppError, Result, Sandbox};
use crate::store::{Phase, SandboxRow};

impl App {
    /// Ends a sandbox's program, after `grace` by force. One that does not run stays as it is.
    pub async fn stop_sandbox(&self, query: &SandboxQuery, grace: Duration) -> Result<Sandbox> {
        let row = self.find(query).await?;
        self.refuse_container(&row, "stop").await?;
        self.stop_row(row, grace).await
    }

    /// Ends the program of a sandbox that was looked up.
    pub(super) async fn stop_row(&self, row: SandboxRow, grace: Duration) -> Result<Sandbox> {
        let engine = self.engine_of(&row)?;
        let app = self.clone();
        self.change(async move {
            // The wait for the program is outside of the lock: a delete that comes meanwhile is
            // not to wait for it.
            let status = engine.stop(&row.spec.id, grace).await?;
            let lock = app.inner.locks.lock(&row.spec.id).await;
            let because: &[EventAction] = if row.status.state.is_alive() {
                &[EventAction::Stop]
            } else {
                &[]
            };
            let seen = Observation {
                status,
                ports: None,
            };
            let settled = app.settle(&row.spec.id, seen, because, &lock).await?;
            settled
                .map(Sandbox::from)
                .ok_or_else(AppError::sandbox_not_found)
        })
        .await
    }

    /// Ends a sandbox's program where it runs, as [`App::stop_sandbox`] does, and starts it over
    /// the files it left, with the host ports that it had.
    pub async fn restart_sandbox(&self, query: &SandboxQuery, grace: Duration) -> Result<Sandbox> {
        let row = self.find(query).await?;
        self.refuse_container(&row, "restart").await?;
        let engine = self.engine_of(&row)?;
        let app = self.clone();
        self.change(async move { app.restart(&*engine, row, grace).await })
            .await
    }

    pub(super) async fn restart(
        &self,
        engine: &dyn SandboxEngine,
        row: SandboxRow,
        grace: Duration,
    ) -> Result<Sandbox> {
        let id = row.spec.id;
        let lock = self.inner.locks.lock(&id).await;
        let status = engine.stop(&id, grace).await?;
        let seen = Observation {
            status,
            ports: None,
        };
        let row = self
            .settle(&id, seen, &[], &lock)
            .await?
            .ok_or_else(AppError::sandbox_not_found)?;
        if row.phase == Phase::Deleting {
            return Err(AppError::Conflict(format!(
                "sandbox {} is being deleted; it can't be started again",
                id.short()
            )));
        }
        let Started { ports, status } = engine.start(&row.spec, &row.ports).await?;
        let seen = Observation {
            status,
            ports: Some(ports),
        };
        self.settle(&id, seen, &[EventAction::Restart], &lock)
            .await?
            .map(Sandbox::from)
            .ok_or_else(AppError::sandbox_not_found)
    }
}
