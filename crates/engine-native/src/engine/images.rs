//! The engine's images, out of its store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::{
    EngineError, EngineImages, ImageDetails, ImageProgress, ImageSummary, InUse, Pruned,
    PullOptions, Result, Stream,
};
use ctnr_images::{
    Credentials, ExportLayers, ImageError, ImageStore, ImportOptions, Progress, ProgressSink,
    StoredImage,
};
use ctnr_model::{Digest, ImageReference, Platform};
use futures::StreamExt;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

/// How much of an archive is on its way at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// The images of the native engine.
pub(super) struct NativeImages {
    store: ImageStore,
}

impl NativeImages {
    pub(super) fn new(store: ImageStore) -> Self {
        Self { store }
    }

    /// Runs work that blocks on the store's lock or the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ImageStore) -> std::result::Result<T, ImageError> + Send + 'static,
    ) -> Result<T> {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(|error| EngineError::internal("using the image store", error))?
            .map_err(engine_error)
    }
}

#[async_trait]
impl EngineImages for NativeImages {
    async fn list(&self) -> Result<Vec<ImageSummary>> {
        let images = self.blocking(ImageStore::list).await?;
        let mut summaries: BTreeMap<Digest, ImageSummary> = BTreeMap::new();
        for image in images {
            let known = summaries
                .entry(image.id.clone())
                .or_insert_with(|| summary(&image));
            if let Some(reference) = &image.reference
                && !known.references.contains(reference)
            {
                known.references.push(reference.clone());
            }
        }
        let mut summaries: Vec<_> = summaries.into_values().collect();
        summaries.sort_by_key(|image| std::cmp::Reverse(image.created));
        Ok(summaries)
    }

    async fn inspect(&self, name: &str) -> Result<ImageDetails> {
        let name = name.to_owned();
        let details = self.blocking(move |store| store.inspect(&name)).await?;
        Ok(self::details(details))
    }

    async fn pull(
        &self,
        reference: &ImageReference,
        options: &PullOptions,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<ImageDetails> {
        let credentials = options
            .credentials
            .as_ref()
            .map(|given| Credentials::Basic {
                username: given.username.clone(),
                password: given.password.clone(),
            });
        let options = ctnr_images::PullOptions {
            platform: options.platform.unwrap_or(Platform::HOST),
            credentials,
            docker_config: Credentials::docker_config(),
            ..ctnr_images::PullOptions::default()
        };
        self.store
            .pull(reference, options, sink(progress))
            .await
            .map_err(engine_error)?;
        self.inspect(&reference.to_string()).await
    }

    async fn import(
        &self,
        archive: Box<dyn AsyncRead + Send + Unpin>,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<Vec<ImageReference>> {
        let options = ImportOptions::default();
        let images = self
            .store
            .import(archive, options, sink(progress))
            .await
            .map_err(engine_error)?;
        Ok(images
            .iter()
            .filter_map(|image| image.reference.clone())
            .collect())
    }

    async fn export(&self, names: &[String]) -> Result<Stream<Result<Bytes>>> {
        if names.is_empty() {
            return Err(EngineError::BadRequest(
                "name at least one image to export".to_owned(),
            ));
        }
        // Asked for first, so that a name that does not exist is an error and not a broken archive.
        for name in names {
            self.inspect(name).await?;
        }
        let (store, names) = (self.store.clone(), names.to_vec());
        let (writer, reader) = tokio::io::duplex(CHUNK);
        let written =
            tokio::spawn(async move { store.export(&names, ExportLayers::Portable, writer).await });
        let content = ReaderStream::with_capacity(reader, CHUNK)
            .map(|part| part.map_err(|error| EngineError::internal("exporting", error)));
        let ending = futures::stream::once(written).filter_map(|written| async {
            match written {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(Err(engine_error(error))),
                Err(error) => Some(Err(EngineError::internal("exporting", error))),
            }
        });
        Ok(content.chain(ending).boxed())
    }

    async fn tag(&self, name: &str, reference: &ImageReference) -> Result<()> {
        let (name, reference) = (name.to_owned(), reference.clone());
        self.blocking(move |store| store.tag(&name, &reference))
            .await
    }

    async fn remove(&self, name: &str, in_use: &InUse) -> Result<()> {
        let (name, in_use) = (name.to_owned(), in_use.clone());
        self.blocking(move |store| {
            let in_use = manifests(&store.list()?, &in_use);
            store.remove(&name, &in_use)
        })
        .await
        .map(drop)
    }

    async fn prune(&self, all: bool, in_use: &InUse) -> Result<Pruned> {
        let in_use = in_use.clone();
        self.blocking(move |store| {
            let images = store.list()?;
            let removed = store.prune(all, &manifests(&images, &in_use))?;
            let ids = images
                .iter()
                .filter(|image| removed.deleted.contains(&image.manifest))
                .map(|image| image.id.clone());
            let ids: BTreeSet<Digest> = ids.collect();
            Ok(Pruned {
                removed: ids.into_iter().collect(),
                freed: removed.freed.bytes(),
            })
        })
        .await
    }
}

/// The manifests of the images with these ids: the store knows images by their manifests, and two
/// of them may share an id.
fn manifests(images: &[Arc<StoredImage>], ids: &InUse) -> BTreeSet<Digest> {
    let used = images.iter().filter(|image| ids.contains(&image.id));
    used.map(|image| image.manifest.clone()).collect()
}

fn summary(image: &StoredImage) -> ImageSummary {
    ImageSummary {
        id: image.id.clone(),
        references: image.reference.iter().cloned().collect(),
        created: image.created,
        size: image.size,
        labels: image.config.labels.clone(),
    }
}

fn details(details: ctnr_images::ImageDetails) -> ImageDetails {
    let image = details.image;
    let platform = Platform::parse(&format!("linux/{}", image.architecture));
    ImageDetails {
        summary: ImageSummary {
            references: details.references,
            ..summary(&image)
        },
        manifest: Some(image.manifest),
        platform: platform.unwrap_or(Platform::HOST),
        config: image.config,
        diff_ids: details.diff_ids,
    }
}

/// Passes the store's progress on, as fast as it is read: what is not is left out.
fn sink(sender: mpsc::Sender<ImageProgress>) -> ProgressSink {
    Arc::new(move |progress| {
        let progress = match progress {
            Progress::Reading { bytes } => ImageProgress {
                subject: String::new(),
                phase: "reading".to_owned(),
                done: bytes,
                total: None,
            },
            Progress::Layer {
                digest,
                phase,
                done,
                total,
            } => ImageProgress {
                subject: digest.short().to_owned(),
                phase: format!("{phase:?}").to_lowercase(),
                done,
                total: Some(total),
            },
            _ => return,
        };
        let _ = sender.try_send(progress);
    })
}

/// The store's errors, by what the caller can do about them.
pub(super) fn engine_error(error: ImageError) -> EngineError {
    let message = error.to_string();
    match error {
        ImageError::NotFound { name } => EngineError::ImageNotFound { reference: name },
        ImageError::Ambiguous { .. } | ImageError::InUse { .. } => EngineError::Conflict(message),
        ImageError::Corrupt { .. }
        | ImageError::DigestMismatch { .. }
        | ImageError::Unsupported { .. }
        | ImageError::Cancelled { .. } => EngineError::BadRequest(message),
        ImageError::TooLarge { .. } => EngineError::TooLarge(message),
        ImageError::NoSpace { .. } | ImageError::Registry { .. } => {
            EngineError::Unavailable(message)
        }
        ImageError::NotInRegistry { .. } => EngineError::NotInRegistry(message),
        ImageError::Unauthorized { .. } => EngineError::Forbidden(message),
        ImageError::TimedOut { .. } => EngineError::Timeout(message),
        _ => EngineError::internal("using the image store", message),
    }
}
