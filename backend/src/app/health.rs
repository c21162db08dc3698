//! Whether the platform works.

use ctnr_agent::EngineStatus;

use super::App;

/// What works and what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The database's name, or why it does not answer.
    pub database: Result<&'static str, String>,
    /// Every engine.
    pub engines: Vec<EngineStatus>,
    /// Whether another process holds the host, and serves what needs an engine.
    pub is_replica: bool,
}

impl Health {
    /// Whether requests can be served: the database answers, and the default engine is there, or is
    /// another process' concern.
    pub fn is_ready(&self) -> bool {
        let has_engine = || {
            let mut engines = self.engines.iter();
            engines.any(|engine| engine.is_default && engine.available.is_ok())
        };
        self.database.is_ok() && (self.is_replica || has_engine())
    }
}

impl App {
    /// Asks the database and looks at the engines.
    pub async fn health(&self) -> Health {
        Health {
            database: self
                .inner
                .store
                .ping()
                .await
                .map_err(|error| error.to_string()),
            engines: self.engines().collect(),
            is_replica: !self.holds_host(),
        }
    }

    /// The mark of this host's data directory.
    pub fn installation(&self) -> &str {
        &self.inner.installation
    }

    /// What every engine can do, or why it is not available.
    pub fn engines(&self) -> impl Iterator<Item = EngineStatus> {
        self.inner.engines.statuses().into_iter()
    }
}
