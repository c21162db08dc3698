//! Layers of files.

use serde::{Deserialize, Serialize};

/// The query of `POST /api/layers`, whose body is a plain tar archive.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct UploadLayerQuery {
    /// The folder that the archive is unpacked to, as Windows writes it: `C:\App` where it is left
    /// out. `prefix` means a whole Wine prefix: the folder with `drive_c` and the registry's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(example = "C:\\App"))]
    pub at: Option<String>,
}

/// A layer of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Layer {
    /// The id, to be named in `POST /api/containers`. A layer that no container uses within a day is
    /// removed.
    pub id: String,
    /// Bytes that it takes on disk.
    pub size: u64,
}
