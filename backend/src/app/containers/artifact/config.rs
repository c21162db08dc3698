//! The configuration of an artifact: what the container is.

use std::collections::BTreeMap;

use ctnr_model::container::Manifest;
use ctnr_model::{Digest, JobId};
use serde::{Deserialize, Serialize};

use crate::app::containers::capture::CaptureDocument;
use crate::app::{AppError, Result};

/// The version of the form that this program writes and reads.
const SCHEMA: u32 = 1;

/// The configuration of an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ArtifactConfig {
    /// The version of its form.
    schema: u32,
    /// The text of the container's `container.toml`, overrides included and layers left out: those
    /// are the artifact's own.
    pub(super) manifest: String,
    /// What it ran on.
    pub(super) runtime: RuntimeFacts,
    /// What is known of the layers that installers have written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) captures: Vec<CaptureFacts>,
}

/// What an exported container ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RuntimeFacts {
    /// The runtime's name.
    pub(super) name: String,
    /// The digest of its manifest.
    pub(super) digest: Digest,
    /// The digest of the recipe that it was made by. Runtimes of one recipe take each other's
    /// containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) recipe: Option<String>,
}

/// What is known of a layer that an installer has written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CaptureFacts {
    /// The layer, by its place among the artifact's, from 0.
    pub(super) layer: usize,
    /// The job that made it, wherever that was.
    pub(super) job: JobId,
    /// What was found.
    pub(super) document: CaptureDocument,
}

impl ArtifactConfig {
    /// A configuration of this version.
    pub(super) fn new(
        manifest: &Manifest,
        runtime: RuntimeFacts,
        captures: Vec<CaptureFacts>,
    ) -> Result<Self> {
        let manifest = manifest
            .to_toml()
            .map_err(|error| AppError::Internal(format!("writing the manifest: {error}")))?;
        Ok(Self {
            schema: SCHEMA,
            manifest,
            runtime,
            captures,
        })
    }

    /// The bytes.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self)
            .map_err(|error| AppError::Internal(format!("writing the configuration: {error}")))
    }

    /// Reads the configuration of a stranger's artifact, and the manifest in it.
    ///
    /// # Errors
    /// [`AppError::Unsupported`] for another version's, [`AppError::BadRequest`] for what is none.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, Manifest)> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let wrong = |error: serde_json::Error| {
            AppError::BadRequest(format!(
                "the artifact's configuration can't be read: {error}"
            ))
        };
        let Version { schema } = serde_json::from_slice(bytes).map_err(wrong)?;
        if schema != SCHEMA {
            return Err(AppError::Unsupported(format!(
                "the artifact's configuration has version {schema}, and this program reads {SCHEMA}; use the version of ctnr that made it, or a later one"
            )));
        }
        let config: Self = serde_json::from_slice(bytes).map_err(wrong)?;
        let manifest = Manifest::parse(&config.manifest)
            .map_err(|error| AppError::BadRequest(format!("the artifact's manifest: {error}")))?;
        if !manifest.layers.is_empty() {
            return Err(AppError::BadRequest(
                "the artifact's manifest: it names layers of a host; the layers of an artifact are its own alone".to_owned(),
            ));
        }
        Ok((config, manifest))
    }

    /// What the artifact's manifest tells those who only list it.
    pub(super) fn annotations(&self, manifest: &Manifest) -> BTreeMap<String, String> {
        let runtime = &self.runtime;
        let image = |key: &str| format!("org.opencontainers.image.{key}");
        let mut annotations = BTreeMap::from([
            (image("title"), manifest.name.to_string()),
            (image("version"), manifest.version.to_string()),
            ("dev.ctnr.runtime.name".to_owned(), runtime.name.clone()),
            (
                "dev.ctnr.runtime.digest".to_owned(),
                runtime.digest.to_string(),
            ),
        ]);
        if let Some(description) = &manifest.description {
            annotations.insert(image("description"), description.clone());
        }
        if let Some(recipe) = &runtime.recipe {
            annotations.insert("dev.ctnr.runtime.recipe".to_owned(), recipe.clone());
        }
        annotations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(schema: u32, manifest: &str) -> Vec<u8> {
        let digest = format!("sha256:{}", "a".repeat(64));
        serde_json::json!({
            "schema": schema,
            "manifest": manifest,
            "runtime": { "name": "wine:latest", "digest": digest },
            "of a later version": true,
        })
        .to_string()
        .into_bytes()
    }

    const MANIFEST: &str =
        "schema = 1\nname = \"app\"\nversion = \"1\"\nbitness = \"x64\"\nruntime = \"wine:10\"\n";

    #[test]
    fn a_configuration_is_read_as_it_was_written() {
        let (config, manifest) = ArtifactConfig::read(&text(1, MANIFEST)).unwrap();
        assert_eq!(manifest.name.as_str(), "app");
        let again = ArtifactConfig::new(&manifest, config.runtime, Vec::new()).unwrap();
        let (read, same) = ArtifactConfig::read(&again.to_bytes().unwrap()).unwrap();
        assert_eq!((read, same), (again.clone(), manifest.clone()));
        assert_eq!(
            again.annotations(&manifest)["org.opencontainers.image.title"],
            "app"
        );
    }

    #[test]
    fn what_is_none_of_this_version_is_refused() {
        let refused = |bytes: &[u8]| ArtifactConfig::read(bytes).unwrap_err().to_string();
        assert!(refused(&text(2, MANIFEST)).contains("version 2"));
        assert!(refused(&text(1, "schema = 9")).contains("manifest"));
        let layer = "[[layer]]\nname = \"a\"\n";
        assert!(refused(&text(1, &format!("{MANIFEST}{layer}"))).contains("layers of a host"));
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(refused(deep.as_bytes()).contains("can't be read"));
        assert!(refused(b"{}").contains("schema"));
    }
}
