//! How far a container is kept from the host, a path or key at a time.

use serde::{Deserialize, Serialize};

use super::path_template::PathTemplate;
use super::registry_key::{RegistryKey, RegistryView};
use super::words::words;

words! {
    /// What a program in a container sees of the host's files or keys, and where it writes.
    #[derive(Default)]
    pub enum Isolation: "isolation" {
        /// The host is hidden: reads and writes stay in the container.
        #[default]
        Full => "full",
        /// The host can be read where the container has nothing of its own; writes stay in the
        /// container.
        WriteCopy => "write-copy",
        /// The host is read and written.
        Merged => "merged",
    }
}

/// The isolation of a container: a default, and rules for what is below a path or key.
///
/// The rule of the nearest ancestor decides; of two with the same path, the first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IsolationPolicy {
    /// Where no rule applies.
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub default: Isolation,
    /// Rules for files and folders.
    #[serde(default, rename = "path", skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathRule>,
    /// Rules for keys of the registry.
    #[serde(default, rename = "key", skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyRule>,
}

/// The isolation of a path and all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PathRule {
    /// The path, as the program names it.
    pub path: PathTemplate,
    /// Its isolation.
    pub mode: Isolation,
}

/// The isolation of a key and all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeyRule {
    /// The key.
    pub key: RegistryKey,
    /// The views that are meant.
    #[serde(default, skip_serializing_if = "is_both")]
    pub view: RegistryView,
    /// Its isolation.
    pub mode: Isolation,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_both(view: &RegistryView) -> bool {
    *view == RegistryView::Both
}
