//! What happened, as it happens.

use std::collections::BTreeMap;

use ctnr_model::{EventAction, EventSubject};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that happened: the data of a server-sent event of `GET /v1/events`, whose id is the
/// sequence number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The number: later events have higher ones.
    pub sequence: u64,
    /// When it happened.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
    /// `sandbox` or `image`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub subject: EventSubject,
    /// What happened: `create`, `start`, `die`, `stop`, `restart`, `delete`, `pull`, `import`,
    /// `tag`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub action: EventAction,
    /// The id of the sandbox, or the reference of the image.
    pub id: String,
    /// More about it: name, image, exit code.
    pub attributes: BTreeMap<String, String>,
}

impl From<ctnr_model::Event> for Event {
    fn from(event: ctnr_model::Event) -> Self {
        let ctnr_model::Event {
            sequence,
            time,
            subject,
            action,
            id,
            attributes,
        } = event;
        Self {
            sequence,
            time,
            subject,
            action,
            id,
            attributes,
        }
    }
}

/// The query of `GET /v1/events`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct EventQuery {
    /// Begin behind the event of this number; 0 for all that are kept. `Last-Event-ID` does the
    /// same and is what browsers send when they connect again. Without both, begin with what
    /// happens from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only about `sandbox` or `image`. Can be given several times; one must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", param(schema_with = subjects_schema))]
    pub subject: Vec<EventSubject>,
    /// Only this: `create`, `start`, `die`, `stop`, `restart`, `delete`, `pull`, `import`, `tag`.
    /// Can be given several times; one must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", param(schema_with = actions_schema))]
    pub action: Vec<EventAction>,
    /// Only about the sandbox with this id, or the image with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

#[cfg(feature = "openapi")]
fn subjects_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(crate::sandbox::word_schema(
            ["sandbox", "image"],
            "What it is about.",
        ))
        .into()
}

#[cfg(feature = "openapi")]
fn actions_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(crate::sandbox::word_schema(
            [
                "create", "start", "die", "stop", "restart", "delete", "pull", "import", "tag",
            ],
            "What happened.",
        ))
        .into()
}
