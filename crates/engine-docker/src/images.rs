//! The daemon's images.

mod archive;
mod details;
pub(crate) mod name;
mod prune;
mod pull;
mod remove;

use async_trait::async_trait;
use bollard::query_parameters::{ListImagesOptions, TagImageOptions};
use bytes::Bytes;
use ctnr_engine::{
    EngineImages, ImageDetails, ImageProgress, ImageSummary, InUse, Pruned, PullOptions, Result,
    Stream,
};
use ctnr_model::ImageReference;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;

use crate::engine::Shared;

#[async_trait]
impl EngineImages for Shared {
    async fn list(&self) -> Result<Vec<ImageSummary>> {
        self.image_list().await
    }

    async fn inspect(&self, name: &str) -> Result<ImageDetails> {
        self.image_details(&name::check(name)?).await
    }

    async fn pull(
        &self,
        reference: &ImageReference,
        options: &PullOptions,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<ImageDetails> {
        self.pull_image(reference, options, progress).await
    }

    async fn import(
        &self,
        archive: Box<dyn AsyncRead + Send + Unpin>,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<Vec<ImageReference>> {
        self.import_images(archive, progress).await
    }

    async fn export(&self, names: &[String]) -> Result<Stream<Result<Bytes>>> {
        self.export_images(names).await
    }

    async fn tag(&self, name: &str, reference: &ImageReference) -> Result<()> {
        let checked = name::check(name)?;
        let (repo, tag) = name::split(reference)?;
        let options = TagImageOptions {
            repo: Some(repo),
            tag: Some(tag),
        };
        let doing = format!("tagging image {name}");
        let tagged = self
            .daemon
            .call(&doing, self.daemon.api().tag_image(&checked, Some(options)))
            .await;
        name::found(name, tagged)
    }

    async fn remove(&self, name: &str, in_use: &InUse) -> Result<()> {
        self.remove_image(name, in_use).await
    }

    async fn prune(&self, all: bool, in_use: &InUse) -> Result<Pruned> {
        self.prune_images(all, in_use).await
    }
}

impl Shared {
    /// All images, newest first.
    async fn image_list(&self) -> Result<Vec<ImageSummary>> {
        let listed = self
            .daemon
            .call(
                "listing images",
                self.daemon.api().list_images(None::<ListImagesOptions>),
            )
            .await?;
        let mut images: Vec<ImageSummary> =
            listed.into_iter().filter_map(details::summary).collect();
        images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(images)
    }
}
