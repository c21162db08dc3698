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
        let refused = || {
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
        };
        let real = real_path(Path::new(folder)).map_err(|error| {
            // Whether it is there is not told to those who may not have it.
            let is_below = |allowed: &HostPath| Path::new(folder).starts_with(allowed.as_str());
            if self.host_folders().iter().any(is_below) {
                AppError::BadRequest(format!("folders.{name}: {folder}: {error}"))
            } else {
                refused()
            }
        })?;
        let is_allowed = self
            .host_folders()
            .iter()
            .filter_map(|allowed| real_path(Path::new(allowed.as_str())).ok())
            .any(|allowed| real.starts_with(allowed));
        if !is_allowed {
            return Err(refused());
        }
        let real = real.to_str().ok_or_else(refused)?;
        Ok(HostPath::parse(real)?)
    }
}

/// The path without symlinks on the way.
#[expect(
    clippy::disallowed_methods,
    reason = "what symlinks lead to is the question here; the engine opens the answer without following any"
)]
fn real_path(path: &Path) -> std::io::Result<std::path::PathBuf> {
    path.canonicalize()
}
