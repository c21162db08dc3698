//! The images of the engine in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::*;
use ctnr_model::{Digest, ImageConfig, ImageReference, Platform};
use ctnr_wine::layout;
use futures::StreamExt;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;

pub(super) struct FakeImages(Mutex<BTreeMap<ImageReference, Digest>>);

fn not_found(name: &str) -> EngineError {
    EngineError::ImageNotFound {
        reference: name.to_owned(),
    }
}

impl FakeImages {
    pub(super) fn with_busybox() -> Self {
        let busybox = ImageReference::parse("busybox:latest").unwrap();
        Self(Mutex::new(BTreeMap::from([(
            busybox,
            Digest::from_sha256([0xb0; 32]),
        )])))
    }

    /// Adds a runtime for containers, under a name of its own.
    pub(super) fn add_runtime(&self, name: &str, byte: u8) {
        let reference = ImageReference::parse(name).unwrap();
        let digest = Digest::from_sha256([byte; 32]);
        self.0.lock().unwrap().insert(reference, digest);
    }

    fn add(&self, reference: &ImageReference) -> ImageDetails {
        let digest = Digest::from_sha256([0xee; 32]);
        self.0
            .lock()
            .unwrap()
            .insert(reference.clone(), digest.clone());
        details(&digest, vec![reference.clone()])
    }
}

fn details(id: &Digest, references: Vec<ImageReference>) -> ImageDetails {
    let is_runtime = references
        .iter()
        .any(|name| name.repository().ends_with("wine"));
    let labels = is_runtime.then(|| (layout::RUNTIME_LABEL.to_owned(), "10.0".to_owned()));
    ImageDetails {
        summary: ImageSummary {
            id: id.clone(),
            references,
            created: None,
            size: 1_000,
            labels: labels.into_iter().collect(),
        },
        manifest: is_runtime.then(|| id.clone()),
        platform: Platform::HOST,
        config: ImageConfig::default(),
        diff_ids: Vec::new(),
    }
}

#[async_trait]
impl EngineImages for FakeImages {
    async fn list(&self) -> Result<Vec<ImageSummary>> {
        let images = self.0.lock().unwrap();
        Ok(images
            .iter()
            .map(|(reference, id)| details(id, vec![reference.clone()]).summary)
            .collect())
    }

    async fn inspect(&self, name: &str) -> Result<ImageDetails> {
        let images = self.0.lock().unwrap();
        let found = images.iter().find(|(reference, id)| {
            let by_digest = name.rsplit_once("sha256:").map_or(name, |(_, hex)| hex);
            ImageReference::parse(name).as_ref() == Ok(*reference)
                || id.hex().starts_with(by_digest)
        });
        let (reference, id) = found.ok_or_else(|| not_found(name))?;
        Ok(details(id, vec![reference.clone()]))
    }

    async fn pull(
        &self,
        reference: &ImageReference,
        _options: &PullOptions,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<ImageDetails> {
        if reference.to_string().contains("missing") {
            return Err(not_found(&reference.to_string()));
        }
        let _ = progress
            .send(ImageProgress {
                subject: String::new(),
                phase: "done".to_owned(),
                done: 1_000,
                total: Some(1_000),
            })
            .await;
        Ok(self.add(reference))
    }

    async fn import(
        &self,
        mut archive: Box<dyn AsyncRead + Send + Unpin>,
        _progress: mpsc::Sender<ImageProgress>,
    ) -> Result<Vec<ImageReference>> {
        let mut discarded = tokio::io::sink();
        let bytes = tokio::io::copy(&mut archive, &mut discarded)
            .await
            .map_err(|error| EngineError::internal("reading the archive", error))?;
        if bytes == 0 {
            return Err(EngineError::BadRequest("the archive is empty".to_owned()));
        }
        let reference = ImageReference::parse("imported:latest").unwrap();
        self.add(&reference);
        Ok(vec![reference])
    }

    async fn export(&self, names: &[String]) -> Result<Stream<Result<Bytes>>> {
        for name in names {
            self.inspect(name).await?;
        }
        Ok(futures::stream::iter([Ok(Bytes::from_static(b"archive"))]).boxed())
    }

    async fn tag(&self, name: &str, reference: &ImageReference) -> Result<()> {
        let id = self.inspect(name).await?.summary.id;
        self.0.lock().unwrap().insert(reference.clone(), id);
        Ok(())
    }

    async fn remove(&self, name: &str, in_use: &InUse) -> Result<()> {
        let image = self.inspect(name).await?;
        if in_use.contains(&image.summary.id) {
            return Err(EngineError::Conflict(format!(
                "image {name} is used by a sandbox"
            )));
        }
        self.0.lock().unwrap().remove(&image.summary.references[0]);
        Ok(())
    }

    async fn prune(&self, all: bool, in_use: &InUse) -> Result<Pruned> {
        let mut images = self.0.lock().unwrap();
        let mut pruned = Pruned::default();
        images.retain(|_, id| {
            let keep = !all || in_use.contains(id);
            if !keep {
                pruned.removed.push(id.clone());
                pruned.freed += 1_000;
            }
            keep
        });
        Ok(pruned)
    }
}
