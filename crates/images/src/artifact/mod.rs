//! Portable containers: OCI artifacts of a configuration and layers of one owner
//! (OCI image specification 1.1, "Guidelines for Artifact Usage").
//!
//! ```text
//! manifest ── config   what the container is, in the words of whoever makes it
//!          ── layers   tars with zstd, of the program and, behind those, of the user's data
//! ```
//!
//! In a file it is an OCI image layout in a tar, of which every byte follows from the content. What
//! comes from a file or a registry is hostile: sizes are capped, and each digest is checked while
//! the bytes stream by.

mod archive;
mod documents;
mod pack;
mod verified;
mod write;

pub use archive::ArchivedArtifact;
pub use documents::{Artifact, ArtifactLayer, LayerKind};
pub use pack::PackedLayer;
pub use write::write_artifact;
#[cfg(feature = "registry")]
pub(crate) use {
    documents::{CONFIG_MAX, MANIFEST_MAX},
    verified::Verified,
};

/// A layer's bytes, packed, as they come.
pub type LayerBytes = Box<dyn tokio::io::AsyncRead + Send + Unpin>;
