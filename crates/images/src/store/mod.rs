//! The store of images on this machine.

mod collect;
pub(crate) mod files;
pub(crate) mod image;
pub(crate) mod layout;
pub(crate) mod names;
mod open;
mod query;
mod remove;
pub(crate) mod session;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, RwLock};

use ctnr_model::ImageReference;

pub use image::{HistoryEntry, ImageDetails, StoredImage};
pub use open::StoreOptions;
pub use remove::Removed;

use crate::limits::Limits;
use crate::unpack::Privilege;
use layout::Layout;
use names::Names;
use query::Stamp;

/// A content-addressed store of OCI images below a directory.
///
/// Several processes may use one directory at once. Images appear and vanish whole; a process that
/// is killed leaves nothing but a temporary directory, which the next one to open the store sweeps
/// away. Clones are the same store.
#[derive(Debug, Clone)]
pub struct ImageStore {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) layout: Layout,
    pub(crate) privilege: Privilege,
    pub(crate) limits: Limits,
    cache: RwLock<Cache>,
}

/// What was read of the index, and for which state of its file.
#[derive(Debug, Default)]
struct Cache {
    stamp: Option<Stamp>,
    names: Arc<Names>,
    images: HashMap<ImageReference, Arc<StoredImage>>,
    /// The file that was read: see [`Stamp`].
    _index: Option<std::fs::File>,
}

impl ImageStore {
    /// The store's directory.
    pub fn directory(&self) -> &Path {
        self.inner.layout.root()
    }

    /// Whether layers keep owners and devices, and which of overlayfs' marks they carry.
    pub fn privilege(&self) -> Privilege {
        self.inner.privilege
    }
}
