//! What layers are taken from.

use ctnr_model::{ContainerPath, FileOwner};
use tokio::io::AsyncRead;

/// A tar that becomes a layer.
pub struct LayerArchive {
    /// The tar, plain or packed with gzip or zstd. Whiteouts in it are those of image layers.
    pub content: Box<dyn AsyncRead + Send + Unpin>,
    /// The directory that its names are relative to. It and the directories above it belong to
    /// `owner`, so that it should be one that `owner` may have.
    pub at: ContainerPath,
    /// Who owns every file, whatever the tar says.
    pub owner: FileOwner,
}
