//! Where things are in a store.
//!
//! ```text
//! lock                        taken while the index or any of these directories changes
//! oci-layout, index.json      the store is an OCI image layout: other tools can read it
//! blobs/ALGORITHM/HEX         manifests, configurations and layers as they came
//! layers/ALGORITHM/HEX/       one for each diff id, for root or the user alone
//!   fs/                       the tree, a lower layer of overlayfs
//!   layer.json                its size
//! tmp/SESSION/                what an import, pull or removal works on; locked while it lives
//! ```

use std::path::{Path, PathBuf};

use ctnr_model::Digest;

/// The paths of a store.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The store below `root`.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The store's directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The lock of the whole store.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The mark of an OCI image layout.
    pub(crate) fn marker(&self) -> PathBuf {
        self.root.join("oci-layout")
    }

    /// The index of all images.
    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index.json")
    }

    /// The directory of blobs.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// A blob.
    pub(crate) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs()
            .join(digest.algorithm().name())
            .join(digest.hex())
    }

    /// The directory of unpacked layers.
    pub(crate) fn layers(&self) -> PathBuf {
        self.root.join("layers")
    }

    /// An unpacked layer with what is known of it.
    pub(crate) fn layer(&self, diff_id: &Digest) -> PathBuf {
        self.layers()
            .join(diff_id.algorithm().name())
            .join(diff_id.hex())
    }

    /// The directory of work at hand.
    pub(crate) fn sessions(&self) -> PathBuf {
        self.root.join("tmp")
    }
}

/// The tree in a layer's directory.
pub(crate) fn layer_tree(layer: &Path) -> PathBuf {
    layer.join("fs")
}

/// What is known of a layer, in its directory.
pub(crate) fn layer_facts(layer: &Path) -> PathBuf {
    layer.join("layer.json")
}
