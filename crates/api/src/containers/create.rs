//! Making containers.

use std::collections::BTreeMap;

use ctnr_model::{ContainerName, LayerId, NetworkMode};
use serde::{Deserialize, Serialize};

use crate::{Env, LimitsRequest};

/// The header that makes a request of which one does not know whether it was done safe to repeat.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// `POST /api/containers`: the container that is wanted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"name": "seven-zip"})))]
pub struct CreateContainer {
    /// The name, unique among the containers that exist. Where it is left out, the manifest's; where
    /// there is no manifest either, one is made up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, pattern = "^/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$", max_length = 128))]
    pub name: Option<ContainerName>,
    /// The text of its `container.toml`. Without one the container is empty: the runtime and
    /// nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Texts of overrides of the manifest, the weakest first: the deployment's, then the user's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// The runtime, by its name, its digest or the beginning of that. Where it is left out, the
    /// manifest's; where that names none either, the newest that the host has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "wine:10.0"))]
    pub runtime: Option<String>,
    /// Layers of files that were uploaded before, lowest first. They are the program: `reset`
    /// keeps them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub layers: Vec<LayerId>,
    /// Your own keys and values, to find the container again.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Added to the environment of its programs; the same name replaces.
    #[serde(skip_serializing_if = "Env::is_empty")]
    pub env: Env,
    /// Limits on the use of the host, instead of the manifest's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsRequest>,
    /// What its programs reach, instead of what the manifest says: `open` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::sandbox::network_schema))]
    pub network: Option<NetworkMode>,
    /// Folders of the host behind known folders that the manifest lets through (`merged`,
    /// `write-copy`), as in `{"Documents": "/home/ana/Documents"}`. The server's
    /// `CONTAINERS_HOST_FOLDERS` says which may be named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<String, String>,
}

/// `POST /api/containers/{id}/clone`: the container that is wanted beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CloneContainer {
    /// The new container's name; one is made up where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, pattern = "^/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$", max_length = 128))]
    pub name: Option<ContainerName>,
    /// Instead of the labels of the one it is made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_need_be_said_and_what_is_unknown_is_named() {
        let empty: CreateContainer = serde_json::from_str("{}").unwrap();
        assert_eq!(empty, CreateContainer::default());
        assert_eq!(serde_json::to_string(&empty).unwrap(), "{}");
        let error = serde_json::from_str::<CreateContainer>(r#"{"layer":[]}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("unknown field `layer`"), "{error}");
    }
}
