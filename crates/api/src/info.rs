//! The backend itself.

use ctnr_model::EngineKind;
use serde::{Deserialize, Serialize};

/// The answer of `GET /v1/info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Info {
    /// The product's name: `ctnr`.
    pub name: String,
    /// The backend's version.
    pub version: String,
    /// The API's version: `v1`.
    pub api: String,
    /// The engines, the default one first.
    pub engines: Vec<EngineInfo>,
}

/// An engine, and what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EngineInfo {
    /// Which.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::sandbox::engine_schema))]
    pub name: EngineKind,
    /// Whether requests that name no engine go to it.
    pub default: bool,
    /// Whether it can be used.
    pub available: bool,
    /// Why it can't be used, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it can do beyond what every engine can.
    pub capabilities: Vec<String>,
}

/// The answer of `GET /healthz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// `ok` or `unavailable`.
    pub status: String,
    /// Whether the database answers: `ok`, or what is wrong.
    pub database: String,
}
