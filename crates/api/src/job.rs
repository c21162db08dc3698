//! The wire types of `/api/jobs`.

use ctnr_model::{ContainerId, JobKind, JobProgress, JobState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A job: work that goes on after the answer to the request that asked for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Job {
    /// The id, 64 hexadecimal digits.
    pub id: String,
    /// What it does: `create`, `runtime_build`, `capture`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: JobKind,
    /// `queued`, `running`, `succeeded`, `failed` (trying again would not help), `dead` (tried as
    /// often as it may be) or `cancelled`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: JobState,
    /// Higher ones come first.
    pub priority: i64,
    /// How often it was begun.
    pub attempts: u32,
    /// How often it may be begun.
    pub max_attempts: u32,
    /// Whether it was called off. A job that runs ends as soon as it can.
    pub cancel_requested: bool,
    /// How far it has come: `done` of `total`, and a `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub progress: Option<JobProgress>,
    /// What came of it, in a form of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub result: Option<serde_json::Value>,
    /// Why the latest attempt did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The container that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The installation whose host does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Of two jobs of a kind with the same key, the second is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Grows with every change.
    pub revision: u64,
    /// When it was put in the queue first.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// Nobody begins it before.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub run_at: Timestamp,
    /// When it was last begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub finished_at: Option<Timestamp>,
}

/// The query of `GET /api/jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct JobListQuery {
    /// Only in this state. Can be given several times; one must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", param(schema_with = states_schema))]
    pub state: Vec<JobState>,
    /// Only of this kind. Can be given several times; one must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub kind: Vec<JobKind>,
    /// Only about the container with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub container: Option<ContainerId>,
    /// At most so many, 1 to 1000; `next` in the answer leads to the following ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 1000))]
    pub limit: Option<u32>,
    /// Goes on behind an earlier answer: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The answer of `GET /api/jobs`, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// The `cursor` of the next page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[cfg(feature = "openapi")]
fn states_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    let words = JobState::ALL.map(JobState::as_str);
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(crate::sandbox::word_schema(words, "A state."))
        .into()
}
