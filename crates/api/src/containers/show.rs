//! Containers as they are shown.

use std::collections::BTreeMap;

use ctnr_model::{ContainerState, EngineKind, LayerId, Limits, NetworkMode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::RuntimeReference;

/// A container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Container {
    /// The id, 64 hexadecimal digits.
    pub id: String,
    /// The name.
    pub name: String,
    /// `creating`, `stopped`, `starting`, `running`, `stopping`, `failed` or `deleting`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: ContainerState,
    /// What went wrong the last time, and what can be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The job that makes it, while it is `creating`, or that failed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The job whose installer runs in it. Nothing else changes the container meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// The runtime that it was made with or moved to.
    pub runtime: RuntimeReference,
    /// The names of its entry points; the first is the default one.
    #[serde(default)]
    pub entry_points: Vec<String>,
    /// Its layers over the runtime, lowest first.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub layers: Vec<LayerId>,
    /// How many of the layers are the program, which `reset` keeps.
    pub base_layers: u32,
    /// The sandbox that it is at this moment, where it has one: `/v1/sandboxes/{id}` shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Its limits.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub limits: Limits,
    /// What its programs reach.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::sandbox::network_schema))]
    pub network: NetworkMode,
    /// Folders of the host behind its known folders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<String, String>,
    /// The engine that runs it.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::sandbox::engine_schema))]
    pub engine: EngineKind,
    /// The installation (data directory) that it lives in.
    pub host: String,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When its state last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub changed_at: Timestamp,
}
