//! OCI images: a content-addressed store of them, and archives that carry them.
//!
//! Everything that comes from an image, an archive or a registry is hostile here: sizes are
//! capped, digests are checked while bytes stream by, and no path of a layer is followed outside
//! the directory it is unpacked to. Nothing holds a layer or an archive in memory.
#![warn(missing_docs)]

mod archive;
pub mod artifact;
mod compression;
mod document;
mod error;
mod hash;
mod import;
mod ingest;
mod limits;
mod platform;
mod progress;
#[cfg(feature = "registry")]
mod registry;
mod store;
mod tarball;
mod unpack;

pub use archive::build::{ArchiveSummary, ImageSpec, write_archive};
pub use archive::export::ExportLayers;
pub use archive::owned::OwnedPack;
pub use compression::Compression;
pub use error::ImageError;
pub use import::ImportOptions;
pub use limits::Limits;
pub use progress::{LayerPhase, Progress, ProgressSink, no_progress};
#[cfg(feature = "registry")]
pub use registry::{ArtifactOptions, ArtifactPush, Credentials, PullOptions, RemoteArtifact};
pub use store::{HistoryEntry, ImageDetails, ImageStore, Removed, StoreOptions, StoredImage};
pub use unpack::{OwnedUnpack, Privilege};
