//! The images of the engines.

use std::collections::BTreeMap;

use bytes::Bytes;
use ctnr_engine::{
    EngineError, ImageDetails, ImageProgress, ImageSummary, InUse, Pruned, PullOptions,
    SandboxEngine, Stream,
};
use ctnr_model::{EngineKind, EventAction, EventSubject, ImageReference};
use jiff::Timestamp;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;

use super::{App, Result};
use crate::store::NewEvent;

impl App {
    /// All images of an engine, newest first.
    pub async fn list_images(&self, engine: Option<EngineKind>) -> Result<Vec<ImageSummary>> {
        Ok(self.engine(engine)?.images().list().await?)
    }

    /// An image, by a reference, an id or the beginning of one.
    pub async fn inspect_image(
        &self,
        engine: Option<EngineKind>,
        name: &str,
    ) -> Result<ImageDetails> {
        Ok(self.engine(engine)?.images().inspect(name).await?)
    }

    /// Fetches an image from its registry. Dropping the future ends the transfer.
    pub async fn pull_image(
        &self,
        engine: Option<EngineKind>,
        reference: &ImageReference,
        options: &PullOptions,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<ImageDetails> {
        let engine = self.engine(engine)?;
        let image = engine.images().pull(reference, options, progress).await?;
        self.tell_of_images(&*engine, EventAction::Pull, [reference.to_string()])
            .await?;
        Ok(image)
    }

    /// Takes an archive. Dropping the future ends it.
    pub async fn import_images(
        &self,
        engine: Option<EngineKind>,
        archive: Box<dyn AsyncRead + Send + Unpin>,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<Vec<ImageReference>> {
        let engine = self.engine(engine)?;
        let references = engine.images().import(archive, progress).await?;
        let names = references.iter().map(ToString::to_string);
        self.tell_of_images(&*engine, EventAction::Import, names)
            .await?;
        Ok(references)
    }

    /// An archive of images.
    pub async fn export_images(
        &self,
        engine: Option<EngineKind>,
        names: &[String],
    ) -> Result<Stream<std::result::Result<Bytes, EngineError>>> {
        Ok(self.engine(engine)?.images().export(names).await?)
    }

    /// Gives an image a further name.
    pub async fn tag_image(
        &self,
        engine: Option<EngineKind>,
        name: &str,
        reference: &ImageReference,
    ) -> Result<()> {
        let engine = self.engine(engine)?;
        let (app, name, reference) = (self.clone(), name.to_owned(), reference.clone());
        self.change(async move {
            engine.images().tag(&name, &reference).await?;
            app.tell_of_images(&*engine, EventAction::Tag, [reference.to_string()])
                .await
        })
        .await
    }

    /// Removes a name of an image, and the image with its last name.
    ///
    /// # Errors
    /// [`super::AppError::Conflict`] while a sandbox uses it.
    pub async fn remove_image(&self, engine: Option<EngineKind>, name: &str) -> Result<()> {
        let engine = self.engine(engine)?;
        let (app, name) = (self.clone(), name.to_owned());
        self.change(async move {
            // No sandbox may be made of the image between the look at what is used and the removal.
            let _no_sandbox_is_made = app.inner.images.write().await;
            let in_use = app.images_in_use(engine.kind()).await?;
            engine.images().remove(&name, &in_use).await?;
            app.tell_of_images(&*engine, EventAction::Delete, [name])
                .await
        })
        .await
    }

    /// Removes the images that no sandbox uses: those without a name, or with `all` every one.
    pub async fn prune_images(&self, engine: Option<EngineKind>, all: bool) -> Result<Pruned> {
        let engine = self.engine(engine)?;
        let app = self.clone();
        self.change(async move {
            let _no_sandbox_is_made = app.inner.images.write().await;
            let in_use = app.images_in_use(engine.kind()).await?;
            let pruned = engine.images().prune(all, &in_use).await?;
            let names = pruned.removed.iter().map(ToString::to_string);
            app.tell_of_images(&*engine, EventAction::Delete, names)
                .await?;
            Ok(pruned)
        })
        .await
    }

    async fn images_in_use(&self, engine: EngineKind) -> Result<InUse> {
        let store = &self.inner.store;
        Ok(store
            .images_in_use(&self.inner.installation, engine)
            .await?)
    }

    async fn tell_of_images(
        &self,
        engine: &dyn SandboxEngine,
        action: EventAction,
        names: impl IntoIterator<Item = String>,
    ) -> Result<()> {
        let engine = engine.kind().to_string();
        let events: Vec<NewEvent> = names
            .into_iter()
            .map(|id| NewEvent {
                time: Timestamp::now(),
                subject: EventSubject::Image,
                action,
                id,
                attributes: BTreeMap::from([("engine".to_owned(), engine.clone())]),
            })
            .collect();
        if events.is_empty() {
            return Ok(());
        }
        Ok(self.inner.store.append_events(&events).await?)
    }
}
