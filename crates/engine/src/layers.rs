//! What layers are taken from, and what becomes of them.

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
    /// What may be directly below `at`, and may not be removed there: another tar is refused.
    /// Anything where there is no name.
    pub only: Vec<String>,
    /// The most bytes that the plain tar may have, where its sender has said.
    pub most: Option<u64>,
}

/// What of a layer becomes a tar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerExport {
    /// The directory that names are relative to.
    pub at: ContainerPath,
    /// What directly below `at` is wanted; everything where there is no name.
    pub only: Vec<String>,
}
