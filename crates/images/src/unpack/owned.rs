//! Tars that are no part of an image, as layers of their own.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ctnr_model::{ContainerPath, FileOwner};
use tokio::io::AsyncRead;

use super::layer::unpack_owned;
use super::privilege::Privilege;
use crate::ImageError;
use crate::import::CancelOnDrop;
use crate::import::feed::{self, Feed};
use crate::limits::Budget;
use crate::store::ImageStore;

/// What the archive is called in messages.
const WHAT: &str = "the archive";

/// Where and how an archive is unpacked.
#[derive(Debug, Clone)]
pub struct OwnedUnpack {
    /// The directory of the layer, which is empty.
    pub layer: PathBuf,
    /// An empty directory beside it, for what entries replace.
    pub trash: PathBuf,
    /// The directory in the layer that names are relative to.
    pub at: ContainerPath,
    /// Who owns everything in the layer but its root.
    pub owner: FileOwner,
    /// What may be directly below `at`, and may not be removed there; anything where there is no
    /// name.
    pub only: Vec<String>,
    /// The most bytes that the plain tar may have, where its sender has said.
    pub most: Option<u64>,
}

impl ImageStore {
    /// Unpacks a tar, plain or packed with gzip or zstd, as it streams by, within the limits and with
    /// the privilege of this store. All files belong to one owner, whatever the tar says; devices are
    /// left out, and set-user-id bits and file capabilities taken. Dropping the future ends it.
    ///
    /// # Errors
    /// [`ImageError::Corrupt`] for a damaged or hostile archive, and one with what it may not
    /// have; [`ImageError::TooLarge`] and [`ImageError::NoSpace`] where a limit would be passed. What was unpacked so far is left.
    pub async fn unpack_owned(
        &self,
        archive: impl AsyncRead + Unpin,
        options: OwnedUnpack,
    ) -> Result<(), ImageError> {
        let budget = Budget::new(self.inner.limits.clone(), options.layer.clone())?;
        let budget = Arc::new(budget);
        let cancel = CancelOnDrop(Arc::clone(&budget));
        let (feeder, feed) = feed::feed();
        let privilege = self.privilege();
        let work = tokio::task::spawn_blocking(move || unpack(feed, &options, privilege, &budget));
        feeder.pump(archive).await;
        let done = work
            .await
            .unwrap_or(Err(ImageError::Cancelled { what: "unpacking" }));
        drop(cancel);
        done
    }
}

fn unpack(
    feed: Feed,
    options: &OwnedUnpack,
    privilege: Privilege,
    budget: &Budget,
) -> Result<(), ImageError> {
    let to = make_way(options, privilege)?;
    let unpacked = unpack_owned(WHAT, feed, &to, options, privilege, budget)?;
    if unpacked.root_opaque && to == options.layer {
        return Err(ImageError::corrupt(
            WHAT,
            "it hides everything below it, which the root of a layer can't",
        ));
    }
    if unpacked.root_opaque {
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::lsetxattr(&to, privilege.opaque(), b"y", flags)
            .map_err(|error| ImageError::io("mark as hiding what is below", &to, error))?;
    }
    if unpacked.skipped > 0 {
        tracing::info!(count = unpacked.skipped, "left out devices of an archive");
    }
    Ok(())
}

/// Makes the directories that lead to where the archive goes. Nothing else is in the layer, so that
/// no link can be in the way.
fn make_way(options: &OwnedUnpack, privilege: Privilege) -> Result<PathBuf, ImageError> {
    let mut to = options.layer.clone();
    let parts = options
        .at
        .as_str()
        .split('/')
        .filter(|part| !part.is_empty());
    for part in parts {
        to.push(part);
        make(&to, options.owner, privilege)
            .map_err(|error| ImageError::io("make the directory", &to, error))?;
    }
    Ok(to)
}

fn make(path: &Path, owner: FileOwner, privilege: Privilege) -> std::io::Result<()> {
    DirBuilder::new().mode(0o755).create(path)?;
    // Whatever the umask is.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    match privilege {
        Privilege::Root => chown(path, Some(owner.uid), Some(owner.gid)),
        Privilege::Rootless => Ok(()),
    }
}
