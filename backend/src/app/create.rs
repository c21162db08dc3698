//! Making sandboxes.

use ctnr_engine::{Capabilities, Capability, SandboxEngine, Started};
use ctnr_model::{EventAction, Protocol, SandboxId, SandboxSpec, SandboxState, SandboxStatus};
use jiff::Timestamp;

use super::settle::tell;
use super::{App, AppError, NewSandbox, Result, Sandbox, names};
use crate::store::{Phase, SandboxRow, StoreError};

/// How often a made-up name may be taken before that is an error.
const NAME_ATTEMPTS: u32 = 16;

impl App {
    /// Makes a sandbox and starts its program. When it returns, the sandbox is recorded and its
    /// program has been executed; when it fails, nothing is left of it.
    pub async fn create_sandbox(&self, new: NewSandbox) -> Result<Sandbox> {
        let app = self.clone();
        self.change(async move { app.create(new).await }).await
    }

    async fn create(&self, new: NewSandbox) -> Result<Sandbox> {
        let engine = self.engine(new.engine)?;
        check(&new, &engine.capabilities())?;
        let is_made_up = new.name.is_none();
        let row = self.make(&*engine, spec_of(new)?, is_made_up).await?;
        Ok(row.into())
    }

    /// Makes a sandbox by a spec that was checked.
    pub(super) async fn make(
        &self,
        engine: &dyn SandboxEngine,
        spec: SandboxSpec,
        is_made_up: bool,
    ) -> Result<SandboxRow> {
        let _images_stay = self.inner.images.read().await;
        let image = engine.images().inspect(&spec.image.to_string()).await?;

        let mut row = SandboxRow {
            host: self.inner.installation.clone(),
            engine: engine.kind(),
            phase: Phase::Creating,
            status: SandboxStatus {
                state: SandboxState::Created,
                pid: None,
                started_at: None,
                finished_at: None,
                exit: None,
            },
            ports: Vec::new(),
            image_id: Some(image.summary.id),
            created_at: Timestamp::now(),
            spec,
        };
        let _lock = self.inner.locks.lock(&row.spec.id).await;
        self.intend(&mut row, is_made_up).await?;

        match engine.create(&row.spec).await {
            Ok(started) => self.confirm(engine, row, started).await,
            Err(error) => {
                self.forget_surely(row.spec.id.clone());
                Err(error.into())
            }
        }
    }

    /// Records the intent; a made-up name that is taken is replaced by another.
    async fn intend(&self, row: &mut SandboxRow, made_up: bool) -> Result<()> {
        let mut attempt = 0;
        loop {
            match self.inner.store.intend_create(row).await {
                Err(StoreError::NameTaken { .. }) if made_up && attempt < NAME_ATTEMPTS => {
                    attempt += 1;
                    row.spec.name = names::make_up(attempt)?;
                }
                other => return Ok(other?),
            }
        }
    }

    /// Records that the sandbox exists. Where that fails, the caller will hear of a failure, so the
    /// sandbox has to go again.
    async fn confirm(
        &self,
        engine: &dyn SandboxEngine,
        mut row: SandboxRow,
        started: Started,
    ) -> Result<SandboxRow> {
        let events = [
            tell(&row, EventAction::Create, row.created_at),
            tell(
                &row,
                EventAction::Start,
                started.status.started_at.unwrap_or(row.created_at),
            ),
        ];
        let Started { ports, status } = started;
        let confirmed = self
            .inner
            .store
            .confirm_create(&row.spec.id, &status, &ports, &events)
            .await;
        if let Err(error) = confirmed {
            if let Err(error) = engine.delete(&row.spec.id).await {
                tracing::warn!(id = row.spec.id.short(), %error, "a sandbox that could not be recorded could not be removed either; it is tried again");
            }
            self.forget_surely(row.spec.id.clone());
            return Err(error.into());
        }
        row.phase = Phase::Present;
        row.status = status;
        row.ports = ports;
        Ok(row)
    }

    /// Forgets the row of a sandbox whose creation failed. The name has to be free again even where
    /// the database is away at this moment; at the worst, the row goes when its phase is found by
    /// [`super::reconcile`].
    fn forget_surely(&self, id: SandboxId) {
        let app = self.clone();
        self.inner.changes.spawn(async move {
            app.retry("forgetting a sandbox that was not made", || {
                app.inner.store.forget(&id, &[])
            })
            .await;
        });
    }
}

fn spec_of(new: NewSandbox) -> Result<SandboxSpec> {
    Ok(SandboxSpec {
        id: SandboxId::from_random(rand::random()),
        name: match new.name {
            Some(name) => name,
            None => names::make_up(0)?,
        },
        image: new.image,
        process: new.process,
        ports: new.ports,
        labels: new.labels,
        limits: new.limits,
        network: new.network,
        layers: Vec::new(),
        mounts: Vec::new(),
    })
}

/// Refuses what no engine or not this engine can do, before anything is recorded.
fn check(new: &NewSandbox, capabilities: &Capabilities) -> Result<()> {
    let mut taken = std::collections::HashSet::new();
    for request in &new.ports {
        if request.container.protocol == Protocol::Udp {
            capabilities.require(
                Capability::UdpPorts,
                "publish TCP ports only, or choose another engine",
            )?;
        }
        let fixed = request
            .host
            .port
            .map(|port| (request.container.protocol, request.host.address, port));
        if let Some(fixed) = fixed
            && !taken.insert(fixed)
        {
            return Err(AppError::BadRequest(format!(
                "ports: {request} asks for a host port that an earlier item asks for; give each its own"
            )));
        }
    }
    // The limits that nobody asked for are left out where the engine has none.
    if new.limits != ctnr_model::Limits::default() {
        capabilities.require(
            Capability::Limits,
            "leave limits out, run the backend as root, or choose another engine",
        )?;
    }
    if let Some(memory) = new.limits.memory
        && memory < ctnr_model::Limits::MIN_MEMORY
    {
        return Err(AppError::BadRequest(format!(
            "limits: {memory} of memory start no program; give at least {}",
            ctnr_model::Limits::MIN_MEMORY
        )));
    }
    Ok(())
}
