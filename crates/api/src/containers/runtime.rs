//! Runtimes: what containers run on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The runtime of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuntimeReference {
    /// Its name when the container was made with it or moved to it.
    pub name: String,
    /// Its digest, which says what it is whatever the name means by now.
    pub digest: String,
}

/// A runtime that a host has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Runtime {
    /// Its digest.
    pub digest: String,
    /// The digest of its configuration, as `/v1/images` shows it.
    pub image: String,
    /// Its names.
    pub names: Vec<String>,
    /// Bytes on disk.
    pub size: u64,
    /// Whether containers that name no runtime get it.
    pub default: bool,
    /// How many containers are on it.
    pub containers: u64,
    /// When it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub created_at: Option<Timestamp>,
}

/// The answer of `GET /api/runtimes`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuntimeList {
    /// The runtimes.
    pub runtimes: Vec<Runtime>,
}

/// `POST /api/runtimes`: a runtime to build.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuildRuntime {
    /// Build it though the host has one of the same recipe.
    pub force: bool,
}

/// `202`: a job does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobStarted {
    /// The job's id: `GET /api/jobs/{id}` shows how far it is.
    pub job: String,
}

/// `POST /api/containers/{id}/runtime`: the runtime to move a container to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoveRuntime {
    /// The runtime, by its name, its digest or the beginning of that.
    pub runtime: String,
}
