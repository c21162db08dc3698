//! A container's row.

use ctnr_model::{
    ContainerId, ContainerName, ContainerState, Digest, EngineKind, JobId, LayerId, SandboxId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::captures::Captured;
use super::spec::{ContainerSpec, SPEC_VERSION};
use crate::store::error::{Result, StoreError};
use crate::store::time::from_column;

/// Which runtime it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeId {
    /// The name that it was asked for by.
    pub name: String,
    /// The digest of its manifest.
    pub digest: Digest,
    /// The digest of its configuration, which engines know images by.
    pub image: Digest,
}

/// A sandbox that is being made a layer of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freezing {
    /// The layer that it becomes.
    pub layer: LayerId,
    /// The snapshot that is made of it, where it is for one.
    pub snapshot: Option<String>,
    /// What the container becomes with it, where an installer has written it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<Captured>,
}

/// What the database knows of a container.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerRow {
    /// The id.
    pub id: ContainerId,
    /// The name.
    pub name: ContainerName,
    /// The installation whose host runs it.
    pub host: String,
    /// The engine there.
    pub engine: EngineKind,
    /// Its state.
    pub state: ContainerState,
    /// What it was asked to be.
    pub spec: ContainerSpec,
    /// What it runs on.
    pub runtime: RuntimeId,
    /// The layers over the runtime, lowest first.
    pub chain: Vec<LayerId>,
    /// How many of them a reset keeps.
    pub base: usize,
    /// The sandbox with its live data, where it has one.
    pub sandbox: Option<SandboxId>,
    /// The freezing of the sandbox that is under way.
    pub freezing: Option<Freezing>,
    /// The job whose installer runs in it: nobody else changes it meanwhile.
    pub capture: Option<JobId>,
    /// The job that makes it, or made it.
    pub job: Option<JobId>,
    /// What went wrong the last time.
    pub error: Option<String>,
    /// Grows with every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// `SELECT` of all that [`ContainerRow::read`] needs, followed by the rest of the statement.
macro_rules! select_containers {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, host, engine, state, spec_version, spec, runtime_name, \
             runtime_digest, runtime_image, chain, base, sandbox_id, freezing, capture, job_id, error, \
             revision, created_at, changed_at FROM containers ",
            $rest
        )
    };
}
pub(super) use select_containers;

impl ContainerRow {
    /// Reads a row of [`select_containers`].
    pub(super) fn read(row: &AnyRow) -> Result<Self> {
        let reader = Reader::new(row)?;
        let spec = match reader.number("spec_version")? {
            SPEC_VERSION => reader.json("spec", &reader.text("spec")?)?,
            other => return Err(reader.damaged("spec", format!("unknown version {other}"))),
        };
        let freezing = reader
            .optional("freezing")?
            .map(|text| reader.json("freezing", &text))
            .transpose()?;
        let base = reader.number("base")?;
        Ok(Self {
            id: reader.parsed("id")?,
            name: reader.parsed("name")?,
            host: reader.text("host")?,
            engine: reader.parsed("engine")?,
            state: reader.parsed("state")?,
            spec,
            runtime: RuntimeId {
                name: reader.text("runtime_name")?,
                digest: reader.parsed("runtime_digest")?,
                image: reader.parsed("runtime_image")?,
            },
            chain: reader.json("chain", &reader.text("chain")?)?,
            base: usize::try_from(base).map_err(|error| reader.damaged("base", error))?,
            sandbox: reader.optional_parsed("sandbox_id")?,
            freezing,
            capture: reader.optional_parsed("capture")?,
            job: reader.optional_parsed("job_id")?,
            error: reader.optional("error")?,
            revision: reader.number("revision")?,
            created_at: from_column(reader.number("created_at")?),
            changed_at: from_column(reader.number("changed_at")?),
        })
    }

    /// The first digits of the id, and the name, for messages.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.id.short())
    }
}

/// Reads columns, and names the container and the column that can't be read.
struct Reader<'a> {
    row: &'a AnyRow,
    id: String,
}

impl<'a> Reader<'a> {
    fn new(row: &'a AnyRow) -> Result<Self> {
        let id = row
            .try_get("id")
            .map_err(|error| StoreError::damaged("a container's id", error))?;
        Ok(Self { row, id })
    }

    fn damaged(&self, what: &str, cause: impl std::fmt::Display) -> StoreError {
        StoreError::damaged(format!("container {}, {what}", self.id), cause)
    }

    fn text(&self, name: &str) -> Result<String> {
        self.row
            .try_get(name)
            .map_err(|error| self.damaged(name, error))
    }

    fn optional(&self, name: &str) -> Result<Option<String>> {
        self.row
            .try_get(name)
            .map_err(|error| self.damaged(name, error))
    }

    fn number(&self, name: &str) -> Result<i64> {
        self.row
            .try_get(name)
            .map_err(|error| self.damaged(name, error))
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T> {
        self.text(name)?
            .parse()
            .map_err(|error| self.damaged(name, error))
    }

    fn optional_parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        name: &str,
    ) -> Result<Option<T>> {
        self.optional(name)?
            .map(|text| text.parse().map_err(|error| self.damaged(name, error)))
            .transpose()
    }

    fn json<T: serde::de::DeserializeOwned>(&self, name: &str, text: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|error| self.damaged(name, error))
    }
}
