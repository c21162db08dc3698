//! Portable containers.

use ctnr_model::{ContainerName, ImageReference};
use serde::{Deserialize, Serialize};

/// The query of `GET /api/containers/{id}/export`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ExportContainerQuery {
    /// With what its user has made of it. It is stopped for that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub with_data: bool,
}

/// What becomes of an artifact that asks to be let into folders of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HostFolders {
    /// It is not imported, and the error says what it asks for.
    #[default]
    Refuse,
    /// It is let in, as far as the server's setting `CONTAINERS_HOST_FOLDERS` allows.
    Allow,
    /// It is imported, and all of the host stays hidden from it.
    Drop,
}

/// `POST /api/containers/{id}/push`: where a container goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushContainer {
    /// A registry, a name there and a tag: `registry.example.com/apps/editor:1`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: ImageReference,
    /// With what its user has made of it. It is stopped for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_data: bool,
}

/// `POST /api/artifacts/pull`: an artifact in a registry to make a container of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullContainer {
    /// Where it is: `registry.example.com/apps/editor:1`, or with `@sha256:…`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: ImageReference,
    /// The container's name; where it is left out, the one in the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, pattern = "^/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$", max_length = 128))]
    pub name: Option<ContainerName>,
    /// The runtime, by its name or digest, instead of the one that the artifact was made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// What becomes of it where it asks to be let into folders of the host; `refuse` where nothing
    /// is said.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub host_folders: HostFolders,
}

/// `POST /api/artifacts/import`: an artifact to make a container of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportContainer {
    /// The id of the upload with its bytes.
    pub upload: String,
    /// The container's name; where it is left out, the one in the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, pattern = "^/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$", max_length = 128))]
    pub name: Option<ContainerName>,
    /// The runtime, by its name or digest, instead of the one that the artifact was made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// What becomes of it where it asks to be let into folders of the host; `refuse` where nothing
    /// is said.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub host_folders: HostFolders,
}
