//! Lists of containers, and what happens to them.

use ctnr_model::{ContainerName, ContainerState};
use serde::{Deserialize, Serialize};

use super::Container;

/// The query of `GET /api/containers`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ContainerListQuery {
    /// Only in this state. Can be given several times; one must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", param(schema_with = states_schema))]
    pub state: Vec<ContainerState>,
    /// Only with this label: `key` or `key=value`. Can be given several times; all must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label: Vec<String>,
    /// Only the one with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub name: Option<ContainerName>,
    /// At most so many, 1 to 1000; `next` in the answer leads to the following ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 1000))]
    pub limit: Option<u32>,
    /// Goes on behind an earlier answer: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The answer of `GET /api/containers`, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContainerList {
    /// The containers.
    pub containers: Vec<Container>,
    /// The `cursor` of the next page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The query of `GET /api/events/containers`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ContainerEventQuery {
    /// Begin behind the event of this number; 0 for all that are kept. `Last-Event-ID` does the
    /// same and wins. Without both, begin with what happens from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only about the container or job with this id. Can be given several times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id: Vec<String>,
}

#[cfg(feature = "openapi")]
fn states_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    let words = ContainerState::ALL.map(ContainerState::as_str);
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(crate::sandbox::word_schema(words, "A state."))
        .into()
}
