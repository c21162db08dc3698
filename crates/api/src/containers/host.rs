//! The host that containers run on.

use serde::{Deserialize, Serialize};

use super::Runtime;
use crate::EngineInfo;

/// The answer of `GET /api/host`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostInfo {
    /// The installation (data directory).
    pub id: String,
    /// `linux`.
    pub system: String,
    /// The processor's architecture.
    pub architecture: String,
    /// The ways in which it can make a plan real.
    pub realisers: Vec<Realiser>,
    /// The runtimes that it has.
    pub runtimes: Vec<Runtime>,
    /// Its engines.
    pub engines: Vec<EngineInfo>,
    /// The folders of the host that containers may be given (`CONTAINERS_HOST_FOLDERS`).
    pub host_folders: Vec<String>,
}

/// A way of making a plan real.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Realiser {
    /// `wine`.
    pub name: String,
    /// Whether it can be used.
    pub available: bool,
    /// Why it can't be used, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
