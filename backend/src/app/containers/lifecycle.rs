//! Starting and stopping containers.

use std::time::Duration;

use ctnr_engine::{EngineError, SandboxEngine};
use ctnr_model::{ContainerId, ContainerQuery, ContainerState, EventAction, SandboxId};

use super::Container;
use super::find::must_be_whole;
use crate::app::locks::Locked;
use crate::app::{App, AppError, Result};
use crate::store::{ContainerChange, Phase, SandboxRow, tell_container};

/// The time between the signal that ends a session, which writes its registry then, and force.
const GRACE: Duration = Duration::from_secs(10);

impl App {
    /// Brings a container's session up. One that is up stays so.
    pub async fn start_container(&self, query: &ContainerQuery) -> Result<Container> {
        let id = self.container(query).await?.id;
        self.started(&id).await
    }

    /// Takes a container's session down, after `grace` by force. What its programs have written
    /// stays. One that is down stays so.
    pub async fn stop_container(
        &self,
        query: &ContainerQuery,
        grace: Option<Duration>,
    ) -> Result<Container> {
        let id = self.container(query).await?.id;
        let app = self.clone();
        self.change(async move {
            let lock = app.inner.container_locks.lock(&id).await;
            let mut row = app.container_by_id(&id).await?;
            must_be_whole(&row)?;
            app.down_within(&mut row, grace.unwrap_or(GRACE), &lock)
                .await?;
            Ok(row)
        })
        .await
    }

    /// A container whose session is up.
    pub(super) async fn started(&self, id: &ContainerId) -> Result<Container> {
        let (app, id) = (self.clone(), id.clone());
        self.change(async move {
            let lock = app.inner.container_locks.lock(&id).await;
            let mut row = app.container_by_id(&id).await?;
            must_be_whole(&row)?;
            app.up(&mut row, &lock).await?;
            Ok(row)
        })
        .await
    }

    /// Brings the session of a container up.
    pub(super) async fn up(&self, row: &mut Container, lock: &Locked<ContainerId>) -> Result<()> {
        self.catch_up(row, lock).await?;
        if row.state == ContainerState::Running {
            return Ok(());
        }
        // A sandbox that is there has its folders; the host's settings may allow them no more.
        self.linux_plan(row)?;
        let engine = self.engine_of_container(row)?;
        let before = match &row.sandbox {
            Some(id) => self.inner.store.sandbox(id).await?,
            None => None,
        };
        let is_new = before.is_none();
        let id = match &before {
            Some(sandbox) => sandbox.spec.id.clone(),
            None => SandboxId::from_random(rand::random()),
        };
        row.state = ContainerState::Starting;
        row.sandbox = Some(id.clone());
        row.error = None;
        self.tell_change(row, EventAction::Update).await?;

        let started = match before {
            Some(sandbox) => self.start_again(&*engine, sandbox).await,
            None => {
                let spec = self.sandbox_spec(row, id.clone())?;
                self.make(&*engine, spec, false).await.map(drop)
            }
        };
        let settled = match started {
            Ok(()) => self.settle_session(&*engine, &id).await,
            Err(error) => Err(error),
        };
        match settled {
            Ok(()) => {
                row.state = ContainerState::Running;
                self.tell_change(row, EventAction::Start).await
            }
            Err(error) => {
                self.give_up(row, &id, is_new, &error).await?;
                Err(error)
            }
        }
    }

    /// Starts a sandbox over the data that it left.
    async fn start_again(&self, engine: &dyn SandboxEngine, sandbox: SandboxRow) -> Result<()> {
        if sandbox.phase == Phase::Deleting {
            return Err(AppError::Unavailable(
                "the container's sandbox is just being removed; try again".to_owned(),
            ));
        }
        self.restart(engine, sandbox, Duration::ZERO)
            .await
            .map(drop)
    }

    /// Puts a container back to where it was before a start that failed.
    async fn give_up(
        &self,
        row: &mut Container,
        sandbox: &SandboxId,
        is_new: bool,
        error: &AppError,
    ) -> Result<()> {
        row.state = ContainerState::Stopped;
        row.error = Some(error.to_string());
        let engine = self.engine_of_container(row)?;
        let is_gone = matches!(
            engine.status(sandbox).await,
            Err(EngineError::SandboxNotFound)
        );
        if !is_new && !is_gone {
            if let Err(error) = engine.stop(sandbox, GRACE).await {
                tracing::warn!(container = %row.name, %error, "what was started of a container could not be stopped");
            }
            return self.tell_change(row, EventAction::Fail).await;
        }
        row.sandbox = None;
        let change = ContainerChange {
            delete_sandbox: Some(sandbox),
            events: vec![tell_container(row, EventAction::Fail)],
            ..ContainerChange::default()
        };
        self.inner.store.change_container(row, change).await?;
        self.let_go(row, sandbox).await;
        Ok(())
    }

    /// Takes the session of a container down, so that all that its programs have written is kept.
    pub(super) async fn down(&self, row: &mut Container, lock: &Locked<ContainerId>) -> Result<()> {
        self.down_within(row, GRACE, lock).await
    }

    /// Takes the session of a container down whose data is dropped then.
    pub(super) async fn halt(&self, row: &mut Container, lock: &Locked<ContainerId>) -> Result<()> {
        self.down_within(row, Duration::ZERO, lock).await
    }

    async fn down_within(
        &self,
        row: &mut Container,
        grace: Duration,
        lock: &Locked<ContainerId>,
    ) -> Result<()> {
        self.catch_up(row, lock).await?;
        if row.state == ContainerState::Stopped {
            return Ok(());
        }
        row.state = ContainerState::Stopping;
        self.tell_change(row, EventAction::Update).await?;
        if let Some(id) = &row.sandbox
            && let Some(sandbox) = self.inner.store.sandbox(id).await?
        {
            self.stop_row(sandbox, grace).await?;
        }
        row.state = ContainerState::Stopped;
        self.tell_change(row, EventAction::Stop).await
    }

    /// Records a change of a container's own row, and tells of it.
    pub(super) async fn tell_change(&self, row: &mut Container, action: EventAction) -> Result<()> {
        let change = ContainerChange {
            events: vec![tell_container(row, action)],
            ..ContainerChange::default()
        };
        Ok(self.inner.store.change_container(row, change).await?)
    }
}
