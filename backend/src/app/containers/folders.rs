//! Folders of the host that containers are given.

use std::collections::BTreeMap;
use std::path::Path;

use ctnr_model::HostPath;

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

/// The path without symlinks on the way.
#[expect(
    clippy::disallowed_methods,
    reason = "what symlinks lead to is the question here; the engine opens the answer without following any"
)]
fn real_path(path: &Path) -> std::io::Result<std::path::PathBuf> {
    path.canonicalize()
}
