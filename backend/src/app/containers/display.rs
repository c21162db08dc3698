//! The display of a container: a program in it that shows the windows of the others.

use std::time::Duration;

use ctnr_engine::{EngineError, ExecSpec, ExecState, OutputStream, SandboxEngine, Stdio};
use ctnr_model::{ExecId, SandboxId};
use ctnr_wine::display;
use futures::StreamExt;

use super::Container;
use super::find::being_changed;
use crate::app::{App, AppError, Result};

/// How long it may take to come up. A loaded host takes ten times as long as an idle one.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of what it said an error repeats.
const SAID: usize = 2_000;

impl App {
    /// Brings the display of a container that runs up, where it is not. It stays until the
    /// container stops.
    pub(super) async fn bring_display_up(&self, row: &Container) -> Result<()> {
        // Two at once would take each other's sockets.
        let _lock = self.inner.container_locks.lock(&row.id).await;
        let sandbox = row.sandbox.as_ref().ok_or_else(being_changed)?;
        let engine = self.engine_of_container(row)?;
        let command = display::command();
        let is_it = |cmd: &[String]| cmd == command;
        let there = engine.execs(sandbox).await?.into_iter();
        if there
            .filter(|exec| matches!(exec.state, ExecState::Running))
            .any(|exec| is_it(&exec.cmd))
        {
            return Ok(());
        }
        let up = start(&*engine, sandbox, &command);
        match tokio::time::timeout(PATIENCE, up).await {
            Ok(up) => up,
            Err(_) => Err(AppError::Unavailable(format!(
                "the container's display was not ready after {} s; try again",
                PATIENCE.as_secs()
            ))),
        }
    }
}

/// Starts it, and waits until programs can open windows.
async fn start(engine: &dyn SandboxEngine, sandbox: &SandboxId, command: &[String]) -> Result<()> {
    let spec = ExecSpec {
        id: ExecId::from_random(rand::random()),
        cmd: command.to_owned(),
        env: Vec::new(),
        workdir: None,
        user: None,
        stdio: Stdio::Pipes { stdin: false },
        detached: true,
    };
    let mut session = match engine.exec(sandbox, &spec).await {
        Err(EngineError::NotRunning) => return Err(being_changed()),
        session => session?,
    };
    let mut said = Vec::new();
    while let Some(output) = session.output.next().await {
        let output = output?;
        if output.stream == OutputStream::Stdout && output.data.contains(&b'\n') {
            return Ok(());
        }
        let room = SAID.saturating_sub(said.len()).min(output.data.len());
        said.extend_from_slice(&output.data[..room]);
    }
    let code = session.exit.await?.code;
    if code == display::HAS_HIDDEN_WINDOWS {
        return Err(AppError::Conflict(
            "a program that was started without the display has windows in this container, and they share one desktop; end that program or stop the container, then try again"
                .to_owned(),
        ));
    }
    let said = String::from_utf8_lossy(&said);
    let said = said.trim().replace('\n', " / ");
    Err(AppError::Unavailable(format!(
        "the container's display ended at once (exit code {code}): {said}; where it is missing, move the container to a newer runtime"
    )))
}
