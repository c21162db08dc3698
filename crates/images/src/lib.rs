//! OCI images: a content-addressed store of them, and archives that carry them.
//!
//! Everything that comes from an image, an archive or a registry is hostile here: sizes are
//! capped, digests are checked while bytes stream by, and no path of a layer is followed outside
//! the directory it is unpacked to. Nothing holds a layer or an archive in memory.
#![warn(missing_docs)]

mod archive;
mod compression;
mod document;
mod error;
mod hash;

pub use archive::build::{ArchiveSummary, ImageSpec, write_archive};
pub use compression::Compression;
pub use error::ImageError;
