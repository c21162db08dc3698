//! Archives that carry images: an OCI image layout in a tar, which also holds `docker save`'s
//! `manifest.json`, so that `docker load` takes it too.

pub(crate) mod build;
mod changes;
pub(crate) mod drain;
pub(crate) mod export;
mod layer;
pub(crate) mod layout;
pub(crate) mod owned;
