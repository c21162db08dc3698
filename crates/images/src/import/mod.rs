//! Importing archives: `docker save`'s and OCI image layouts, in a tar that may be packed.

mod docker;
pub(crate) mod feed;
mod layout;
pub(crate) mod staged;

use std::sync::Arc;

use ctnr_model::{ImageReference, Platform};
use tokio::io::AsyncRead;
use tokio::sync::mpsc;

use crate::ImageError;
use crate::ingest::{Ingest, NewImage, NewLayer};
use crate::limits::Budget;
use crate::progress::{Metered, Progress, ProgressSink};
use crate::store::session::Session;
use crate::store::{ImageStore, StoredImage};
use feed::Feed;
use staged::StagedArchive;

/// How an archive is imported.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The name to give, where the archive holds exactly one image; its own names are left out.
    pub reference: Option<ImageReference>,
    /// Which image is taken of one that is there for several platforms; this host's by default.
    pub platform: Option<Platform>,
}

/// An image found in an archive.
struct Found {
    image: NewImage,
    references: Vec<ImageReference>,
    source: Option<ctnr_model::Digest>,
    /// Each layer with its file.
    layers: Vec<(NewLayer, std::path::PathBuf)>,
}

/// Stops the blocking side when the asynchronous one is dropped.
pub(crate) struct CancelOnDrop(pub(crate) Arc<Budget>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl ImageStore {
    /// Imports all images of an archive, as it streams by: `docker save`'s or an OCI image layout,
    /// plain or packed with gzip or zstd. Dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// [`ImageError::Corrupt`] and [`ImageError::DigestMismatch`] for a damaged or hostile archive,
    /// [`ImageError::TooLarge`] and [`ImageError::NoSpace`] where a limit would be passed,
    /// [`ImageError::Unsupported`] for forms that can't be run. Nothing is kept then.
    pub async fn import(
        &self,
        archive: impl AsyncRead + Unpin,
        options: ImportOptions,
        progress: ProgressSink,
    ) -> Result<Vec<Arc<StoredImage>>, ImageError> {
        let layout = self.inner.layout.clone();
        let root = layout.root().to_owned();
        let budget = Arc::new(Budget::new(self.inner.limits.clone(), root)?);
        let cancel = CancelOnDrop(Arc::clone(&budget));
        let (feeder, feed) = feed::feed();
        let privilege = self.inner.privilege;
        let work = tokio::task::spawn_blocking(move || {
            let session = Arc::new(Session::begin(&layout)?);
            let (ended, _) = mpsc::channel(1);
            let ingest = Ingest {
                session,
                budget,
                progress,
                privilege,
                _ended: ended,
            };
            import(&ingest, feed, &options)
        });
        feeder.pump(archive).await;
        let found = work.await.unwrap_or(Err(ImageError::Cancelled {
            what: "importing the archive",
        }));
        drop(cancel);
        found
    }
}

fn import(
    ingest: &Ingest,
    feed: Feed,
    options: &ImportOptions,
) -> Result<Vec<Arc<StoredImage>>, ImageError> {
    let metered = Metered::new(feed, |bytes| (ingest.progress)(Progress::Reading { bytes }));
    let archive = StagedArchive::read(ingest, metered)?;
    let platform = options.platform.unwrap_or(Platform::HOST);
    let mut found = if archive.has("index.json") {
        layout::find(&archive, platform, ingest.budget.limits())?
    } else if archive.has("manifest.json") {
        docker::find(&archive, ingest.budget.limits())?
    } else {
        return Err(ImageError::corrupt(
            "the archive",
            "it has neither index.json (an OCI image layout) nor manifest.json (docker save), or was cut short",
        ));
    };
    if let Some(reference) = &options.reference {
        let [only] = found.as_mut_slice() else {
            return Err(ImageError::Unsupported {
                what: format!("one name for an archive of {} images", found.len()),
                advice: "import it without a name, and tag the images then".to_owned(),
            });
        };
        only.references = vec![reference.clone()];
    }
    let mut entries = Vec::new();
    for image in found {
        for (layer, file) in &image.layers {
            ingest.budget.check_wanted()?;
            if !ingest.has(layer)? {
                ingest.unpack(layer, file)?;
                archive.keep(ingest, layer, file)?;
            }
        }
        image.image.stage(&ingest.session)?;
        let source = image.source.clone();
        if image.references.is_empty() {
            entries.push(image.image.entry(None, source.clone()));
        }
        for reference in image.references {
            entries.push(image.image.entry(Some(reference), source.clone()));
        }
    }
    ingest.commit(&entries)
}
