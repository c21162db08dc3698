//! What is inside a sandbox: its log, its files, its ports.

use ctnr_engine::{Connection, EngineError, LogEntry, LogQuery, SandboxFiles, Stream};
use ctnr_model::{ContainerPort, SandboxQuery};

use super::{App, Result};

impl App {
    /// What the sandbox's program has put out.
    pub async fn logs(
        &self,
        query: &SandboxQuery,
        wanted: &LogQuery,
    ) -> Result<Stream<std::result::Result<LogEntry, EngineError>>> {
        let row = self.find(query).await?;
        Ok(self.engine_of(&row)?.logs(&row.spec.id, wanted).await?)
    }

    /// The sandbox's files.
    pub async fn files(&self, query: &SandboxQuery) -> Result<Box<dyn SandboxFiles>> {
        let row = self.find(query).await?;
        Ok(self.engine_of(&row)?.files(&row.spec.id).await?)
    }

    /// Connects to a TCP port inside a running sandbox, published or not.
    pub async fn connect(
        &self,
        query: &SandboxQuery,
        port: ContainerPort,
    ) -> Result<Box<dyn Connection>> {
        let row = self.find(query).await?;
        Ok(self.engine_of(&row)?.connect(&row.spec.id, port).await?)
    }
}
