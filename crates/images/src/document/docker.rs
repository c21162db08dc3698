//! `manifest.json` of `docker save`.

use serde::{Deserialize, Serialize};

/// One image of a `docker save` archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DockerManifest {
    /// The configuration's path in the archive.
    pub(crate) config: String,
    /// The image's names, or `null`.
    #[serde(default)]
    pub(crate) repo_tags: Option<Vec<String>>,
    /// The layers' paths in the archive, lowest first.
    #[serde(default)]
    pub(crate) layers: Vec<String>,
}
