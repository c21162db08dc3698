//! Opening a store.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, RwLock};

use super::layout::Layout;
use super::session::{self, Session};
use super::{Cache, ImageStore, Inner, files};
use crate::ImageError;
use crate::document::OCI_LAYOUT;
use crate::limits::Limits;
use crate::unpack::Privilege;

/// How a store is opened.
#[derive(Debug, Clone, Default)]
pub struct StoreOptions {
    /// What an image may take.
    pub limits: Limits,
    /// Whether layers keep owners and devices; found out where it is not given.
    pub privilege: Option<Privilege>,
}

impl ImageStore {
    /// Opens the store below `directory`, and makes it where there is none. What killed processes
    /// left is removed. Blocks for as long as another process changes the store.
    ///
    /// # Errors
    /// [`ImageError::Io`] where the directory can't be made or used;
    /// [`ImageError::Unsupported`] where it belongs to another user.
    pub fn open(directory: &Path, options: StoreOptions) -> Result<Self, ImageError> {
        files::make_directory(directory)?;
        check_owner(directory)?;
        let layout = Layout::new(directory.to_owned());
        for directory in [layout.blobs(), layout.layers(), layout.sessions()] {
            files::make_directory(&directory)?;
        }
        let privilege = match options.privilege {
            Some(privilege) => privilege,
            None => Privilege::detect(&layout.sessions())?,
        };
        let session = Session::begin(&layout)?;
        {
            let _lock = files::Lock::take(&layout.lock())?;
            session::sweep(&layout, &session.trash())?;
            let marker = layout.marker();
            if !marker.exists() {
                files::replace_file(&marker, &session.scratch("oci-layout"), OCI_LAYOUT)?;
            }
        }
        session.change(|_| Ok(()))?;
        session.end_in_background();
        Ok(Self {
            inner: Arc::new(Inner {
                layout,
                privilege,
                limits: options.limits,
                cache: RwLock::new(Cache::default()),
            }),
        })
    }
}

/// Whoever owns the directory, or may write to it, can put files of theirs into images.
fn check_owner(directory: &Path) -> Result<(), ImageError> {
    let meta =
        fs::metadata(directory).map_err(|error| ImageError::io("look at", directory, error))?;
    let own = meta.uid() == rustix::process::geteuid().as_raw();
    if own && meta.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(ImageError::Unsupported {
        what: format!(
            "an image store in {}, to which other users may write,",
            directory.display()
        ),
        advice: "choose a directory that belongs to this user alone".to_owned(),
    })
}
