//! Pulling an image.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ctnr_model::{Digest, DigestAlgorithm, ImageReference, Platform};
use futures::{StreamExt, TryStreamExt, stream};

use tokio::sync::mpsc;

use super::client::{Document, Repository};
use super::credentials::Credentials;
use super::download::{self, blocking};
use super::endpoint::Endpoint;
use super::error::problem;
use crate::ImageError;
use crate::document::{Descriptor, Index};
use crate::hash::Hasher;
use crate::import::CancelOnDrop;
use crate::ingest::{self, Ingest, NewImage};
use crate::limits::{Budget, Limits};
use crate::platform;
use crate::progress::ProgressSink;
use crate::store::session::Session;
use crate::store::{ImageStore, StoredImage};

/// How many layers are fetched at once.
const PARALLEL: usize = 3;
/// How deep indexes may lie in indexes.
const DEPTH_MAX: usize = 4;

/// How an image is pulled.
#[derive(Debug, Clone)]
pub struct PullOptions {
    /// Which image is taken of one that is there for several platforms.
    pub platform: Platform,
    /// Who asks. Where none is given, what `docker_config` says.
    pub credentials: Option<Credentials>,
    /// `docker login`'s file, usually `~/.docker/config.json`.
    pub docker_config: Option<PathBuf>,
    /// How long a registry may be silent. 30 s.
    pub patience: Duration,
}

impl Default for PullOptions {
    fn default() -> Self {
        Self {
            platform: Platform::HOST,
            credentials: None,
            docker_config: None,
            patience: Duration::from_secs(30),
        }
    }
}

impl ImageStore {
    /// Pulls an image from its registry and stores it under its name. Layers that the store has are
    /// not fetched again. Plain HTTP is spoken with registries on this machine only. Dropping the
    /// future leaves nothing behind.
    ///
    /// # Errors
    /// [`ImageError::Registry`], [`ImageError::Unauthorized`] and [`ImageError::TimedOut`] for what
    /// a registry does; the others as for [`ImageStore::import`].
    pub async fn pull(
        &self,
        reference: &ImageReference,
        options: PullOptions,
        progress: ProgressSink,
    ) -> Result<Arc<StoredImage>, ImageError> {
        let registry = reference.registry();
        let credentials = match (&options.credentials, &options.docker_config) {
            (Some(credentials), _) => credentials.clone(),
            (None, Some(config)) => Credentials::read(config, registry).await?,
            (None, None) => Credentials::Anonymous,
        };
        let endpoint = Endpoint::new(registry);
        let repository = Repository::new(
            endpoint,
            reference.repository(),
            credentials,
            options.patience,
        )?;
        let layout = self.inner.layout.clone();
        let root = layout.root().to_owned();
        let budget = Arc::new(Budget::new(self.inner.limits.clone(), root)?);
        let cancel = CancelOnDrop(Arc::clone(&budget));
        let session = Arc::new(blocking(move || Session::begin(&layout)).await?);
        let privilege = self.inner.privilege;
        let (ended, mut end) = mpsc::channel(1);
        let ingest = Ingest {
            session,
            budget,
            progress,
            privilege,
            _ended: ended,
        };
        // Dropped last, also where this future is dropped: it holds the clean-up.
        let (offload, ingest) = (Offload(Some(ingest.clone())), ingest);
        let result = fetch(&ingest, &repository, reference, &options).await;
        // Threads that are still at a layer end now, and the last one removes what is left.
        drop(cancel);
        drop(ingest);
        drop(offload);
        end.recv().await;
        result
    }
}

/// Fetches everything and makes the image visible.
async fn fetch(
    ingest: &Ingest,
    repository: &Repository,
    reference: &ImageReference,
    options: &PullOptions,
) -> Result<Arc<StoredImage>, ImageError> {
    let (image, source) = find(repository, reference, options, ingest.budget.limits()).await?;
    stream::iter(image.layers())
        .map(|layer| download::layer(repository, ingest, layer))
        .buffer_unordered(PARALLEL)
        .try_collect::<()>()
        .await?;
    let entry = image.entry(Some(reference.clone()), source);
    let ingest = ingest.clone();
    blocking(move || {
        image.stage(&ingest.session)?;
        let images = ingest.commit(&[entry])?;
        images.into_iter().next().ok_or(ImageError::Cancelled {
            what: "pulling the image",
        })
    })
    .await
}

/// Work whose end may block, held by a future that may be dropped anywhere.
struct Offload(Option<Ingest>);

impl Drop for Offload {
    fn drop(&mut self) {
        let work = self.0.take();
        // A thread of its own, since the runtime may be about to end.
        let spawned = std::thread::Builder::new()
            .name("image-cleanup".to_owned())
            .spawn(move || drop(work));
        // Without threads, what was to be dropped has been, here.
        drop(spawned);
    }
}

/// Fetches the documents of the image for the platform asked for. Also gives the digest of the
/// index that it was chosen from.
async fn find(
    repository: &Repository,
    reference: &ImageReference,
    options: &PullOptions,
    limits: &Limits,
) -> Result<(NewImage, Option<Digest>), ImageError> {
    let limit = limits.document.bytes();
    let name = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or("latest").to_owned(),
    };
    let mut document = repository.manifest(&name, limit).await?;
    let mut descriptor = describe(repository, &document, reference.digest())?;
    let mut source = None;
    for _ in 0..DEPTH_MAX {
        if !descriptor.is_index() {
            break;
        }
        let index: Index = serde_json::from_slice(&document.bytes)
            .map_err(|error| ImageError::corrupt("the image's index", error.to_string()))?;
        source.get_or_insert(descriptor.digest);
        let chosen = platform::choose(&index, options.platform)?;
        ingest::check_document("the manifest", chosen.size, limits)?;
        document = repository
            .manifest(&chosen.digest.to_string(), limit)
            .await?;
        descriptor = describe(repository, &document, Some(&chosen.digest))?;
        ingest::check_size("the manifest", descriptor.size, chosen)?;
    }
    if !descriptor.is_manifest() {
        return Err(ImageError::Unsupported {
            what: format!("a manifest of type {:?}", descriptor.media_type),
            advice: "push the image again with a current tool".to_owned(),
        });
    }
    let manifest = ingest::parse_manifest(&document.bytes, limits)?;
    let config = repository
        .document(&manifest.config.digest.to_string(), limit)
        .await?;
    let image = NewImage::new(descriptor, document.bytes, config, limits)?;
    let wanted = options.platform.architecture.as_str();
    if image.config.architecture != wanted {
        return Err(ImageError::Unsupported {
            what: format!(
                "this image on {}: it is made for {:?}",
                options.platform, image.config.architecture
            ),
            advice: "choose another image, or build it for this platform".to_owned(),
        });
    }
    Ok((image, source))
}

/// What a document is, and its digest, which has to be the one asked for.
pub(super) fn describe(
    repository: &Repository,
    document: &Document,
    asked: Option<&Digest>,
) -> Result<Descriptor, ImageError> {
    let stated = match &document.digest {
        None => None,
        Some(text) => Some(Digest::parse(text).map_err(|error| {
            problem(
                &repository.endpoint,
                format!("it states a digest that is none: {error}"),
            )
        })?),
    };
    for expected in stated.iter().chain(asked) {
        let actual = Hasher::of(expected.algorithm(), &document.bytes);
        if actual != *expected {
            let what = "the manifest".to_owned();
            return Err(ImageError::DigestMismatch {
                what,
                expected: expected.clone(),
                actual,
            });
        }
    }
    let digest = asked
        .cloned()
        .unwrap_or_else(|| Hasher::of(DigestAlgorithm::Sha256, &document.bytes));
    let media_type = ingest::media_type(&document.bytes, document.media_type.as_deref())?;
    Ok(Descriptor::new(
        &media_type,
        digest,
        document.bytes.len() as u64,
    ))
}
