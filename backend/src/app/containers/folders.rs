//! Folders of the host that containers are given.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ctnr_model::{HostMount, HostPath, MountAccess};

use super::plan::known_folder;
use crate::app::{App, AppError, Result};

impl App {
    /// The folders of the host below which containers may be given some.
    pub fn host_folders(&self) -> &[HostPath] {
        &self.inner.host_folders
    }

    /// The same as they really are, where they are there: a setting may name them by symlinks.
    pub(super) fn real_host_folders(&self) -> Vec<HostPath> {
        let real = |folder: &HostPath| {
            let path = real_path(Path::new(folder.as_str())).ok()?;
            HostPath::parse(path.to_str()?).ok()
        };
        let folders = self.host_folders().iter();
        folders
            .map(|folder| real(folder).unwrap_or_else(|| folder.clone()))
            .collect()
    }

    /// Checks folders that a caller names, and gives what they really are: a symlink on the way
    /// must not lead out of those that are allowed.
    pub(super) fn allowed_folders(
        &self,
        wanted: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, HostPath>> {
        wanted
            .iter()
            .map(|(name, folder)| {
                let known = known_folder(name)?;
                Ok((known.name().to_owned(), self.allowed_folder(name, folder)?))
            })
            .collect()
    }

    fn allowed_folder(&self, name: &str, folder: &str) -> Result<HostPath> {
        HostPath::parse(folder)
            .map_err(|error| AppError::BadRequest(format!("folders.{name}: {error}")))?;
        let refused = || self.not_allowed(name, folder);
        let real = real_path(Path::new(folder)).map_err(|error| {
            // Whether it is there is not told to those who may not have it.
            let is_below = |allowed: &HostPath| Path::new(folder).starts_with(allowed.as_str());
            if self.host_folders().iter().any(is_below) {
                AppError::BadRequest(format!("folders.{name}: {folder}: {error}"))
            } else {
                refused()
            }
        })?;
        let real = HostPath::parse(real.to_str().ok_or_else(refused)?)?;
        let allowed = self.real_host_folders();
        if allowed.iter().any(|allowed| is_below(&real, allowed)) {
            Ok(real)
        } else {
            Err(refused())
        }
    }

    /// The error for a folder that the server's setting does not allow.
    pub(super) fn not_allowed(&self, name: &str, folder: &str) -> AppError {
        let allowed = self.host_folders().iter().map(HostPath::as_str);
        let allowed = allowed.collect::<Vec<_>>().join(", ");
        let have = if allowed.is_empty() {
            "it names none".to_owned()
        } else {
            format!("it names {allowed}")
        };
        AppError::Forbidden(format!(
            "folders.{name}: {folder} lies in none of the folders that CONTAINERS_HOST_FOLDERS names ({have}); choose one of those, or have the server's setting extended"
        ))
    }
}

/// Whether a path is a folder, or lies in it.
pub(super) fn is_below(path: &HostPath, folder: &HostPath) -> bool {
    Path::new(path.as_str()).starts_with(folder.as_str())
}

/// Refuses folders of root's that a container would write to as they are: what it makes there
/// belongs to their owner, a program that is to run as its owner among it.
pub(super) fn refuse_shared_with_root(mounts: &[HostMount]) -> Result<()> {
    let shared = mounts
        .iter()
        .filter(|mount| mount.access == MountAccess::ReadWrite);
    for mount in shared {
        let folder = mount.source.as_str();
        let owner = std::fs::metadata(folder)
            .map_err(|error| AppError::BadRequest(format!("{folder}: {error}")))?
            .uid();
        if owner == 0 {
            return Err(AppError::Forbidden(format!(
                "{folder} belongs to root, and what a container writes into a merged folder belongs to that folder's owner; give the folder to an ordinary user, or let it in as write-copy or read-only"
            )));
        }
    }
    Ok(())
}

/// The path without symlinks on the way.
#[expect(
    clippy::disallowed_methods,
    reason = "what symlinks lead to is the question here; the engine opens the answer without following any"
)]
fn real_path(path: &Path) -> std::io::Result<std::path::PathBuf> {
    path.canonicalize()
}

#[cfg(test)]
mod tests {
    use ctnr_model::{ContainerPath, FileOwner};

    use super::*;

    #[test]
    fn a_folder_of_roots_is_not_written_to_as_it_is() {
        let mount = |access| HostMount {
            source: HostPath::parse("/etc").unwrap(),
            target: ContainerPath::parse("/data").unwrap(),
            access,
            owner: FileOwner {
                uid: 1000,
                gid: 1000,
            },
        };
        let error = refuse_shared_with_root(&[mount(MountAccess::ReadWrite)]).unwrap_err();
        assert!(matches!(error, AppError::Forbidden(_)), "{error:?}");
        let others = [MountAccess::ReadOnly, MountAccess::CopyOnWrite].map(mount);
        assert!(refuse_shared_with_root(&others).is_ok());
    }
}
