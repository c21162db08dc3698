//! The images that an engine makes sandboxes from.

use std::collections::BTreeSet;

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_model::{Digest, ImageConfig, ImageReference, Platform};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncRead;
use tokio::sync::mpsc;

use crate::{Result, Stream};

/// An image as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageSummary {
    /// The digest of its configuration, Docker's image id.
    pub id: Digest,
    /// Its names; none for one that lost them to another image.
    pub references: Vec<ImageReference>,
    /// When it was made, as it says itself.
    pub created: Option<Timestamp>,
    /// Bytes on this host, layers shared with others included.
    pub size: u64,
    /// Its labels.
    pub labels: std::collections::BTreeMap<String, String>,
}

/// All that is known of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageDetails {
    /// What lists show.
    pub summary: ImageSummary,
    /// The digest of its manifest, where the engine knows it.
    pub manifest: Option<Digest>,
    /// What it runs on.
    pub platform: Platform,
    /// How its program runs.
    pub config: ImageConfig,
    /// The digests of its unpacked layers, lowest first.
    pub diff_ids: Vec<Digest>,
}

/// How a pull or import goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageProgress {
    /// What the numbers are about: a layer's short digest, or empty for the whole.
    pub subject: String,
    /// What is being done: `downloading`, `unpacking`, `done`.
    pub phase: String,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, where known.
    pub total: Option<u64>,
}

/// How an image is pulled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullOptions {
    /// For another platform than the host's.
    pub platform: Option<Platform>,
    /// Instead of what the user's Docker configuration holds for the registry.
    pub credentials: Option<RegistryCredentials>,
}

/// A user name and password, or token, for a registry.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryCredentials {
    /// The user's name.
    pub username: String,
    /// The password or token.
    pub password: String,
}

impl std::fmt::Debug for RegistryCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RegistryCredentials({}, …)", self.username)
    }
}

/// The image ids that sandboxes use, so that none of them is removed.
pub type InUse = BTreeSet<Digest>;

/// What a prune removed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pruned {
    /// The images that are gone.
    pub removed: Vec<Digest>,
    /// Bytes freed.
    pub freed: u64,
}

/// An engine's images. Names are given as the user wrote them: a reference, an id or a unique
/// prefix of one.
#[async_trait]
pub trait EngineImages: Send + Sync {
    /// All images, newest first.
    async fn list(&self) -> Result<Vec<ImageSummary>>;

    /// One image.
    async fn inspect(&self, name: &str) -> Result<ImageDetails>;

    /// Fetches an image from its registry. Progress goes to `progress`, as far as it is read.
    async fn pull(
        &self,
        reference: &ImageReference,
        options: &PullOptions,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<ImageDetails>;

    /// Takes an archive as `docker save` or an OCI tool writes it, plain or compressed. Returns
    /// the names of what it held.
    async fn import(
        &self,
        archive: Box<dyn AsyncRead + Send + Unpin>,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<Vec<ImageReference>>;

    /// An archive of images that `docker load` and OCI tools take.
    async fn export(&self, names: &[String]) -> Result<Stream<Result<Bytes>>>;

    /// Gives an image a further name; the name is taken from another image that has it.
    async fn tag(&self, name: &str, reference: &ImageReference) -> Result<()>;

    /// Removes a name, and the image with its last name. By id, removes all its names.
    ///
    /// # Errors
    /// [`EngineError::Conflict`](crate::EngineError::Conflict) while a sandbox uses it.
    async fn remove(&self, name: &str, in_use: &InUse) -> Result<()>;

    /// Removes the images that no sandbox uses: those without a name, or with `all` every one.
    async fn prune(&self, all: bool, in_use: &InUse) -> Result<Pruned>;
}
