//! Snapshots of containers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /api/containers/{id}/snapshots`: the snapshot that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateSnapshot {
    /// Its name, unique among the container's snapshots; made of the time where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", max_length = 128)
    )]
    pub name: Option<String>,
}

/// A snapshot: what a container held at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// The name.
    pub name: String,
    /// How many layers it has over the runtime.
    pub layers: u32,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
}

/// The answer of `GET /api/containers/{id}/snapshots`, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotList {
    /// The snapshots.
    pub snapshots: Vec<Snapshot>,
}

/// `POST /api/containers/{id}/rollback`: where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackRequest {
    /// The snapshot's name.
    pub snapshot: String,
}
