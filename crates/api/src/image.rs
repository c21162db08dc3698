//! Images, in the shapes of Docker's Engine API.

use std::collections::BTreeMap;

use ctnr_model::{EngineKind, ImageReference};
use serde::{Deserialize, Serialize};

use crate::flag::is_no;

/// The query of routes about all images of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ImagesQuery {
    /// The engine; the backend's default where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(schema_with = crate::sandbox::engine_schema))]
    pub engine: Option<EngineKind>,
}

/// The query of `POST /v1/images/import`.
pub type ImportQuery = ImagesQuery;

/// The query of routes about one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ImageNameQuery {
    /// A name, an id, or the unique start of an id.
    #[cfg_attr(feature = "openapi", param(example = "busybox:latest"))]
    pub name: String,
    /// The engine; the backend's default where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(schema_with = crate::sandbox::engine_schema))]
    pub engine: Option<EngineKind>,
}

/// The query of `GET /v1/images/export`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ExportQuery {
    /// A name or id; can be given several times.
    pub name: Vec<String>,
    /// The engine; the backend's default where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(schema_with = crate::sandbox::engine_schema))]
    pub engine: Option<EngineKind>,
}

/// `POST /v1/images/pull`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullRequest {
    /// The image.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "alpine:3.22"))]
    pub image: ImageReference,
    /// For another platform than the host's: `linux/amd64`, `linux/arm64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Instead of what `~/.docker/config.json` of the backend's user has for the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// The engine; the backend's default where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::sandbox::engine_schema))]
    pub engine: Option<EngineKind>,
}

/// A user name and password, or token, for a registry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// The password or token.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, …)", self.username)
    }
}

/// `POST /v1/images/tag`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagRequest {
    /// A name or id that it has.
    #[cfg_attr(feature = "openapi", schema(example = "busybox:latest"))]
    pub image: String,
    /// The name that it gets; taken from another image that has it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "busybox:mine"))]
    pub tag: ImageReference,
    /// The engine; the backend's default where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::sandbox::engine_schema))]
    pub engine: Option<EngineKind>,
}

/// `POST /v1/images/prune`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PruneRequest {
    /// Every image that no sandbox uses, not only those without a name.
    #[serde(skip_serializing_if = "is_no")]
    pub all: bool,
    /// The engine; the backend's default where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::sandbox::engine_schema))]
    pub engine: Option<EngineKind>,
}

/// The answer of `GET /v1/images`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageList {
    /// The images.
    pub images: Vec<ImageSummary>,
}

/// An image as Docker's `GET /images/json` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageSummary {
    /// The digest of its configuration.
    pub id: String,
    /// Its names, as people write them.
    pub repo_tags: Vec<String>,
    /// When it was made, in seconds since 1970; 0 where it does not say.
    pub created: i64,
    /// Bytes on this host, layers shared with others included.
    pub size: u64,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// An image as Docker's `GET /images/{name}/json` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageDetails {
    /// The digest of its configuration.
    pub id: String,
    /// Its names, as people write them.
    pub repo_tags: Vec<String>,
    /// When it was made, RFC 3339; empty where it does not say.
    pub created: String,
    /// The processor, with Go's name.
    pub architecture: String,
    /// `linux`.
    pub os: String,
    /// Bytes on this host, layers shared with others included.
    pub size: u64,
    /// The digest of its manifest, where the engine knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<String>,
    /// How its program runs.
    pub config: ImageConfig,
    /// Its layers.
    #[serde(rename = "RootFS")]
    pub root_fs: RootFs,
}

/// How an image's program runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageConfig {
    /// The user; empty for root.
    pub user: String,
    /// The ports that it listens on.
    pub exposed_ports: BTreeMap<String, crate::EmptyObject>,
    /// The environment, `NAME=value`.
    pub env: Vec<String>,
    /// The entrypoint.
    pub entrypoint: Vec<String>,
    /// The command.
    pub cmd: Vec<String>,
    /// The volumes.
    pub volumes: BTreeMap<String, crate::EmptyObject>,
    /// The working directory.
    pub working_dir: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The signal that ends it, where the image names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
}

/// An image's layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RootFs {
    /// `layers`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The digests of the unpacked layers, lowest first.
    pub layers: Vec<String>,
}

/// How a pull or import goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageProgress {
    /// What the numbers are about: a layer's short digest, or empty for the whole.
    pub subject: String,
    /// What is being done: `downloading`, `unpacking`, `done`.
    pub phase: String,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// A line of the answer of a pull or import. The last one is `pulled`, `imported` or `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ImageFrame {
    /// It goes on.
    Progress(ImageProgress),
    /// The image is there.
    Pulled(Box<ImageDetails>),
    /// The images are there.
    Imported(Imported),
    /// It failed; nothing is half there.
    Error(crate::Error),
}

/// What an import brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Imported {
    /// The names, as people write them.
    pub images: Vec<String>,
}

/// The answer of `POST /v1/images/prune`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pruned {
    /// The ids of the images that are gone.
    pub removed: Vec<String>,
    /// Bytes freed.
    pub freed: u64,
}
