//! What is inside a container: its log, its files, its commands.

use ctnr_engine::{EngineError, LogEntry, LogQuery, Stream};
use ctnr_model::{ContainerQuery, SandboxId, SandboxQuery};

use super::find::being_changed;
use crate::app::{App, Result};

impl App {
    /// The sandbox of a container, which is brought up where it has none yet: its files are there
    /// then, running or not.
    pub async fn sandbox_of_container(&self, query: &ContainerQuery) -> Result<SandboxQuery> {
        let row = self.container(query).await?;
        let sandbox = match row.sandbox {
            Some(sandbox) => sandbox,
            None => {
                let started = self.started(&row.id).await?;
                started.sandbox.ok_or_else(being_changed)?
            }
        };
        query_of(&sandbox)
    }

    /// What the session of a container has put out, since its data was last frozen or dropped.
    pub async fn container_logs(
        &self,
        query: &ContainerQuery,
        wanted: &LogQuery,
    ) -> Result<Stream<std::result::Result<LogEntry, EngineError>>> {
        let row = self.container(query).await?;
        match &row.sandbox {
            Some(sandbox) => self.logs(&query_of(sandbox)?, wanted).await,
            None => Ok(Box::pin(futures::stream::empty())),
        }
    }
}

fn query_of(sandbox: &SandboxId) -> Result<SandboxQuery> {
    Ok(SandboxQuery::parse(sandbox.as_str())?)
}
