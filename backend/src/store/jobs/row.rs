//! A job's row.

use ctnr_model::{ContainerId, JobId, JobKind, JobProgress, JobState};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::store::error::{Result, StoreError};
use crate::store::time::from_column;

/// What the database knows of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// What it is told, as JSON in the form of its kind.
    pub payload: String,
    /// Its state.
    pub state: JobState,
    /// Higher ones come first.
    pub priority: i64,
    /// How often it was begun.
    pub attempts: u32,
    /// How often it may be begun.
    pub max_attempts: u32,
    /// Nobody begins it before.
    pub run_at: Timestamp,
    /// Who works on it.
    pub holder: Option<String>,
    /// The token of the latest claim.
    pub fence: i64,
    /// When the lease runs out.
    pub lease_until: Option<Timestamp>,
    /// Whether it is to be called off.
    pub cancel_requested: bool,
    /// How far it has come.
    pub progress: Option<JobProgress>,
    /// What came of it.
    pub result: Option<serde_json::Value>,
    /// Why the latest attempt failed.
    pub error: Option<String>,
    /// What makes a second job of its kind the same job.
    pub idempotency_key: Option<String>,
    /// The installation whose host it needs.
    pub host: Option<String>,
    /// The container that it is about.
    pub container_id: Option<ContainerId>,
    /// Grows with every change that is shown.
    pub revision: u64,
    /// When it was put in the queue first.
    pub created_at: Timestamp,
    /// When it was last begun.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

/// All columns, as [`JobRow::read`] reads them.
macro_rules! job_columns {
    () => {
        "id, kind, payload, state, priority, attempts, max_attempts, run_at, holder, fence, \
         lease_until, cancel, progress, result, error, idempotency_key, host, container_id, \
         revision, created_at, started_at, finished_at"
    };
}
pub(super) use job_columns;

impl JobRow {
    /// Reads a row of [`job_columns`].
    pub(super) fn read(row: &AnyRow) -> Result<Self> {
        let column = Column {
            row,
            job: row
                .try_get("id")
                .map_err(|error| StoreError::damaged("a job's id", error))?,
        };
        let count = |name| -> Result<u32> {
            u32::try_from(column.number(name)?).map_err(|error| column.damaged(name, error))
        };
        Ok(Self {
            id: column.parsed("id")?,
            kind: column.parsed("kind")?,
            payload: column.text("payload")?,
            state: column.parsed("state")?,
            priority: column.number("priority")?,
            attempts: count("attempts")?,
            max_attempts: count("max_attempts")?,
            run_at: from_column(column.number("run_at")?),
            holder: column.maybe("holder")?,
            fence: column.number("fence")?,
            lease_until: column.moment("lease_until")?,
            cancel_requested: column.number("cancel")? != 0,
            progress: column.json("progress")?,
            result: column.json("result")?,
            error: column.maybe("error")?,
            idempotency_key: column.maybe("idempotency_key")?,
            host: column.maybe("host")?,
            container_id: column
                .maybe::<String>("container_id")?
                .map(|text| text.parse())
                .transpose()
                .map_err(|error| column.damaged("container_id", error))?,
            revision: u64::try_from(column.number("revision")?).unwrap_or(0),
            created_at: from_column(column.number("created_at")?),
            started_at: column.moment("started_at")?,
            finished_at: column.moment("finished_at")?,
        })
    }
}

/// Reads the columns of one row, and names the row in errors.
struct Column<'a> {
    row: &'a AnyRow,
    job: String,
}

impl<'a> Column<'a> {
    fn damaged(&self, name: &str, cause: impl std::fmt::Display) -> StoreError {
        StoreError::damaged(format!("job {}, {name}", self.job), cause)
    }

    fn maybe<T>(&self, name: &str) -> Result<Option<T>>
    where
        T: sqlx::Decode<'a, sqlx::Any> + sqlx::Type<sqlx::Any>,
    {
        self.row
            .try_get(name)
            .map_err(|error| self.damaged(name, error))
    }

    fn number(&self, name: &str) -> Result<i64> {
        self.row
            .try_get(name)
            .map_err(|error| self.damaged(name, error))
    }

    fn moment(&self, name: &str) -> Result<Option<Timestamp>> {
        Ok(self.maybe::<i64>(name)?.map(from_column))
    }

    fn text(&self, name: &str) -> Result<String> {
        self.row
            .try_get(name)
            .map_err(|error| self.damaged(name, error))
    }

    fn parsed<T>(&self, name: &str) -> Result<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.text(name)?
            .parse()
            .map_err(|error| self.damaged(name, error))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.maybe::<String>(name)?
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| self.damaged(name, error))
    }
}
