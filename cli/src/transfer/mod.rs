//! Files in and out of sandboxes, and archives to and from this host.
//!
//! ```text
//!  pack:    host tree ─▶ tar (a thread) ─▶ stream of pieces ─▶ backend
//!  unpack:  backend ─▶ stream of pieces ─▶ checked tar (a thread) ─▶ below one directory
//! ```

mod file;
mod pack;
mod pieces;
mod place;
mod sent;
mod tree;
mod unpack;

pub(crate) use file::{to_file, to_output};
pub(crate) use pack::{pack, packed_size};
pub(crate) use pieces::{Reader, pieces};
pub(crate) use place::{Ending, Place};
pub(crate) use sent::sent;
pub(crate) use unpack::{Landing, unpack};

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub(crate) struct Copied {
    /// Files, links and directories.
    pub(crate) entries: u64,
    /// Bytes of regular files.
    pub(crate) bytes: u64,
}
