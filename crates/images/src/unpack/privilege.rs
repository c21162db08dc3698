//! What this process may write into a layer.

use std::path::Path;

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use crate::ImageError;

/// Whether layers keep owners and devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Privilege {
    /// Everything as the layer says: owners, devices, `security.*` attributes; overlayfs' marks are
    /// `trusted.overlay.*`.
    Root,
    /// All files belong to the user; devices are left out; overlayfs' marks are `user.overlay.*`,
    /// for mounts with `userxattr`.
    Rootless,
}

impl Privilege {
    /// Finds out by trying on `directory`, which belongs to this process: being root in a user
    /// namespace is not enough for `trusted.*`.
    pub(crate) fn detect(directory: &Path) -> Result<Self, ImageError> {
        let name = "trusted.ctnr.probe";
        match rustix::fs::lsetxattr(directory, name, b"", XattrFlags::empty()) {
            Ok(()) => {
                rustix::fs::lremovexattr(directory, name)
                    .map_err(|error| ImageError::io("remove an attribute of", directory, error))?;
                Ok(Self::Root)
            }
            Err(Errno::PERM) => Ok(Self::Rootless),
            Err(error) => Err(ImageError::io(
                "set an extended attribute, which layers need, on",
                directory,
                error,
            )),
        }
    }

    /// The attribute that marks a directory as hiding what is below it.
    pub(crate) fn opaque(self) -> &'static str {
        match self {
            Self::Root => "trusted.overlay.opaque",
            Self::Rootless => "user.overlay.opaque",
        }
    }
}
