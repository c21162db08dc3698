//! The session of a container: the sandbox in which its programs run.

use std::time::Duration;

use ctnr_engine::{ExecSpec, LogQuery, SandboxEngine, Stdio};
use ctnr_model::{ExecId, SandboxId, SandboxName, SandboxSpec};
use ctnr_wine::layout;
use futures::StreamExt;

use super::{Container, LABEL};
use crate::app::{App, AppError, Result};

/// How long a session may take to settle. A loaded host takes ten times as long as an idle one.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much of the log an error shows.
const LOG_TAIL: usize = 5;

impl App {
    /// What the sandbox of a container is made of.
    pub(super) fn sandbox_spec(&self, row: &Container, id: SandboxId) -> Result<SandboxSpec> {
        let name = format!("{}-{}", row.id.short(), id.short());
        let realised = self.realised(row)?;
        Ok(SandboxSpec {
            name: SandboxName::parse(&name)?,
            image: realised.image,
            process: realised.process,
            ports: Vec::new(),
            labels: [(LABEL.to_owned(), row.id.to_string())].into(),
            limits: realised.limits,
            network: realised.network,
            layers: realised.layers,
            mounts: realised.mounts,
            id,
        })
    }

    /// Waits until programs can be started in a sandbox that has just been started.
    pub(super) async fn settle_session(
        &self,
        engine: &dyn SandboxEngine,
        id: &SandboxId,
    ) -> Result<()> {
        let wait = ExecSpec {
            id: ExecId::from_random(rand::random()),
            cmd: vec![layout::WAIT.to_owned()],
            env: Vec::new(),
            workdir: None,
            user: None,
            stdio: Stdio::Pipes { stdin: false },
            detached: false,
        };
        let settled = async {
            let mut session = engine.exec(id, &wait).await?;
            // Its output is nothing; reading it keeps it from blocking.
            while session.output.next().await.is_some() {}
            session.exit.await
        };
        let why = match tokio::time::timeout(PATIENCE, settled).await {
            Ok(Ok(exit)) if exit.code == 0 => return Ok(()),
            Ok(Ok(exit)) => format!("the session ended (exit code {})", exit.code),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the session was not ready after {} s", PATIENCE.as_secs()),
        };
        let log = self.last_words(engine, id).await;
        Err(AppError::Unavailable(format!(
            "the container's session did not come up: {why}{log}; try again, or move the container to another runtime"
        )))
    }

    /// The last lines of a sandbox's log, for a message.
    pub(super) async fn last_words(&self, engine: &dyn SandboxEngine, id: &SandboxId) -> String {
        let query = LogQuery {
            tail: Some(LOG_TAIL),
            ..LogQuery::default()
        };
        let Ok(mut entries) = engine.logs(id, &query).await else {
            return String::new();
        };
        let mut text = Vec::new();
        while let Some(Ok(entry)) = entries.next().await {
            text.extend_from_slice(&entry.data);
        }
        let text = String::from_utf8_lossy(&text);
        match text.trim() {
            "" => String::new(),
            text => format!("; its last words: {}", text.replace('\n', " / ")),
        }
    }
}
