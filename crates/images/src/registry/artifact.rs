//! Portable containers in registries.

use std::io::{self, Seek};
use std::path::PathBuf;
use std::time::Duration;

use ctnr_model::{Digest, ImageReference};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::io::{ReaderStream, StreamReader};

use super::client::Repository;
use super::credentials::Credentials;
use super::endpoint::Endpoint;
use super::error::within;
use super::pull::describe;
use crate::ImageError;
use crate::artifact::{Artifact, ArtifactLayer, LayerBytes, PackedLayer, Verified};
use crate::artifact::{CONFIG_MAX, MANIFEST_MAX};
use crate::document::MANIFEST_TYPE;

/// How much of a layer is on its way at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// How a registry is asked for an artifact.
#[derive(Debug, Clone)]
pub struct ArtifactOptions {
    /// `docker login`'s file, usually `~/.docker/config.json`: who asks.
    pub docker_config: Option<PathBuf>,
    /// How long a registry may be silent. 30 s.
    pub patience: Duration,
}

impl Default for ArtifactOptions {
    fn default() -> Self {
        Self {
            docker_config: Credentials::docker_config(),
            patience: Duration::from_secs(30),
        }
    }
}

/// An artifact in a registry.
pub struct RemoteArtifact {
    repository: Repository,
    artifact: Artifact,
}

/// An artifact on its way to a registry.
pub struct ArtifactPush {
    repository: Repository,
    tag: String,
}

async fn repository(
    reference: &ImageReference,
    options: ArtifactOptions,
) -> Result<Repository, ImageError> {
    let registry = reference.registry();
    let credentials = match &options.docker_config {
        Some(config) => Credentials::read(config, registry).await?,
        None => Credentials::Anonymous,
    };
    let endpoint = Endpoint::new(registry);
    Repository::new(
        endpoint,
        reference.repository(),
        credentials,
        options.patience,
    )
}

impl RemoteArtifact {
    /// Fetches the documents of an artifact, and checks them. Plain HTTP is spoken with registries
    /// on this machine only.
    ///
    /// # Errors
    /// [`ImageError::Registry`], [`ImageError::Unauthorized`], [`ImageError::NotInRegistry`] and
    /// [`ImageError::TimedOut`] for what a registry does; the others as for
    /// [`ArchivedArtifact::open`](crate::artifact::ArchivedArtifact::open).
    pub async fn open(
        reference: &ImageReference,
        options: ArtifactOptions,
    ) -> Result<Self, ImageError> {
        let repository = repository(reference, options).await?;
        let name = match (reference.digest(), reference.tag()) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.unwrap_or("latest").to_owned(),
        };
        let document = repository.manifest(&name, MANIFEST_MAX).await?;
        describe(&repository, &document, reference.digest())?;
        let config = Artifact::config_of(&document.bytes)?;
        let config = repository
            .document(&config.digest.to_string(), CONFIG_MAX)
            .await?;
        let artifact = Artifact::read(document.bytes, config)?;
        Ok(Self {
            repository,
            artifact,
        })
    }

    /// Its documents.
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// The packed bytes of one of its layers. They end with an error where they are not those that
    /// the manifest states, or where the registry falls silent.
    ///
    /// # Errors
    /// As for [`RemoteArtifact::open`].
    pub async fn layer(&self, layer: &ArtifactLayer) -> Result<LayerBytes, ImageError> {
        let digest = layer.digest.to_string();
        let response = self.repository.blob(&digest).await?;
        let (endpoint, patience) = (self.repository.endpoint.clone(), self.repository.patience);
        let doing = format!("fetching layer {digest}");
        let pieces = stream::try_unfold(response, move |mut response| {
            let (endpoint, doing) = (endpoint.clone(), doing.clone());
            async move {
                let piece = within(patience, &endpoint, &doing, response.chunk()).await;
                Ok::<_, io::Error>(piece?.map(|piece| (piece, response)))
            }
        });
        let reader = StreamReader::new(pieces.boxed());
        let bytes = Verified::new(reader, layer.digest.clone(), layer.size);
        Ok(Box::new(bytes))
    }
}

impl ArtifactPush {
    /// Gets ready to send an artifact. Nothing is sent.
    ///
    /// # Errors
    /// [`ImageError::Unsupported`] for a reference by a digest, which is not known yet.
    pub async fn to(
        reference: &ImageReference,
        options: ArtifactOptions,
    ) -> Result<Self, ImageError> {
        if reference.digest().is_some() {
            return Err(ImageError::Unsupported {
                what: "sending an artifact to a digest".to_owned(),
                advice: "name a tag: registry/name:tag".to_owned(),
            });
        }
        Ok(Self {
            repository: repository(reference, options).await?,
            tag: reference.tag().unwrap_or("latest").to_owned(),
        })
    }

    /// Whether the registry has a layer.
    ///
    /// # Errors
    /// As for [`RemoteArtifact::open`].
    pub async fn has(&self, digest: &Digest) -> Result<bool, ImageError> {
        self.repository.has_blob(&digest.to_string()).await
    }

    /// Sends a layer, unless the registry has it. `told` hears how many bytes have gone out.
    ///
    /// # Errors
    /// As for [`RemoteArtifact::open`].
    pub async fn layer(
        &self,
        packed: &PackedLayer,
        mut told: impl FnMut(u64) -> io::Result<()> + Send + 'static,
    ) -> Result<(), ImageError> {
        let digest = packed.layer.digest.to_string();
        if self.repository.has_blob(&digest).await? {
            return Ok(());
        }
        let failed = |error| ImageError::io("read", std::path::Path::new("a packed layer"), error);
        let mut file = packed.file.try_clone().map_err(failed)?;
        file.rewind().map_err(failed)?;
        let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK);
        let mut sent = 0;
        let pieces = pieces.and_then(move |piece| {
            sent += piece.len() as u64;
            std::future::ready(told(sent).map(|()| piece))
        });
        self.repository
            .put_blob(&digest, packed.layer.size, pieces.boxed())
            .await
    }

    /// Sends the documents, and gives the artifact its tag. All layers are there.
    ///
    /// # Errors
    /// As for [`RemoteArtifact::open`].
    pub async fn finish(&self, artifact: &Artifact) -> Result<(), ImageError> {
        let digest = artifact.config_digest.to_string();
        if !self.repository.has_blob(&digest).await? {
            let config = bytes::Bytes::from(artifact.config.clone());
            let size = config.len() as u64;
            let pieces = stream::iter([Ok(config)]).boxed();
            self.repository.put_blob(&digest, size, pieces).await?;
        }
        self.repository
            .put_manifest(&self.tag, MANIFEST_TYPE, artifact.manifest.clone())
            .await
    }
}
