//! Layers of one owner as tars: the way back of [`unpack_owned`](ImageStore::unpack_owned).

use std::path::PathBuf;

use ctnr_model::ContainerPath;
use tokio::io::AsyncWrite;

use super::changes;
use super::drain::drain;
use crate::ImageError;
use crate::store::ImageStore;

/// What of a layer is packed.
#[derive(Debug, Clone)]
pub struct OwnedPack {
    /// The directory of the layer, of which nothing changes meanwhile.
    pub layer: PathBuf,
    /// The directory in the layer that names are relative to.
    pub at: ContainerPath,
    /// What directly below `at` is packed; everything where there is no name.
    pub only: Vec<String>,
}

impl ImageStore {
    /// Writes what a layer changes as a tar, with whiteouts as images' layers have them. The bytes
    /// depend on the files alone: names are sorted, everything belongs to root, times are whole
    /// seconds, and set-user-id bits and attributes other than `user.*` are left out, as are
    /// devices, sockets and pipes. Dropping the future ends it.
    ///
    /// # Errors
    /// [`ImageError::Unsupported`] for what no tar of a layer can hold; [`ImageError::TooLarge`]
    /// where no store with these limits would unpack it again; [`ImageError::Io`].
    pub async fn pack_owned(
        &self,
        options: OwnedPack,
        out: impl AsyncWrite + Unpin,
    ) -> Result<(), ImageError> {
        let (source, sink) = drain();
        let (limits, privilege) = (self.inner.limits.clone(), self.inner.privilege);
        let path = options.layer.clone();
        let work = tokio::task::spawn_blocking(move || {
            changes::write(&options, privilege, &limits, source)
        });
        let written = sink.pump(out).await;
        let result = work.await.unwrap_or(Err(ImageError::Cancelled {
            what: "packing a layer",
        }));
        // Whoever takes no more is why the other side could not go on.
        written.map_err(|error| ImageError::io("pass on", &path, error))?;
        result
    }
}
