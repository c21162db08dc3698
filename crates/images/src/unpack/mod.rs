//! Unpacking a layer into a directory that overlayfs takes as a lower layer.
//!
//! Layers are hostile. Names are cut into components and resolved by `openat2` with
//! `RESOLVE_IN_ROOT`, so that neither `..` nor any symbolic link of the layer leads out of the
//! directory. Overlayfs' own marks can't be forged: the attributes that carry them are dropped.

mod attributes;
mod create;
mod layer;
mod name;
mod owned;
mod privilege;
mod tree;
mod whiteout;

pub(crate) use layer::{Unpacked, hash_plain, unpack};
pub use owned::OwnedUnpack;
pub use privilege::Privilege;
