//! Asking the daemon for paths.

use bollard::query_parameters::ContainerArchiveInfoOptions;
use ctnr_engine::{EngineError, FileKind, Result};
use ctnr_model::ContainerPath;

use super::Files;
use super::tar_reader::{Entry, TarReader};
use crate::raw::RawAnswer;

pub(super) const DOING: &str = "reading the sandbox's files";

impl Files {
    /// The archive of a path.
    pub(super) async fn get(&self, path: &ContainerPath) -> Result<RawAnswer> {
        let request = format!(
            "/containers/{}/archive?path={}",
            self.container,
            encode(path.as_str())
        );
        self.daemon
            .raw_call(DOING, self.daemon.raw().get(DOING, &request))
            .await
            .map_err(|error| at(path, error))
    }

    /// What a path names, and its archive from there on. A symlink is not followed at the last
    /// component.
    pub(super) async fn open(&self, path: &ContainerPath) -> Result<(Entry, TarReader)> {
        let mut reader = TarReader::new(self.get(path).await?.bytes(DOING));
        let entry = self
            .daemon
            .raw_call(DOING, reader.next())
            .await?
            .ok_or_else(|| EngineError::internal(DOING, "the daemon's archive is empty"))?;
        Ok((entry, reader))
    }

    /// Where a path leads when the last component is followed too; the daemon follows it inside
    /// the container's root. The target need not exist.
    pub(super) async fn resolve(&self, path: &ContainerPath) -> Result<ContainerPath> {
        let (entry, _) = self.open(path).await?;
        if entry.kind() != FileKind::Symlink {
            return Ok(path.clone());
        }
        let options = ContainerArchiveInfoOptions {
            path: path.as_str().to_owned(),
        };
        let info = self
            .daemon
            .call(
                DOING,
                self.daemon
                    .api()
                    .get_container_archive_info(&self.container, Some(options)),
            )
            .await?;
        Ok(ContainerPath::parse(&info.link_target)?)
    }

    /// Where a path leads, and what is there; `None` where nothing is.
    pub(super) async fn look(
        &self,
        path: &ContainerPath,
    ) -> Result<(ContainerPath, Option<Entry>)> {
        let real = match self.resolve(path).await {
            Ok(real) => real,
            Err(EngineError::FileNotFound { .. }) => return Ok((path.clone(), None)),
            Err(error) => return Err(error),
        };
        match self.open(&real).await {
            Ok((entry, _)) => Ok((real, Some(entry))),
            Err(EngineError::FileNotFound { .. }) => Ok((real, None)),
            Err(error) => Err(error),
        }
    }
}

/// The daemon's word that a path does not exist, as the error that names it.
pub(super) fn at(path: &ContainerPath, error: EngineError) -> EngineError {
    let missing = match &error {
        EngineError::Internal { cause: text, .. } | EngineError::BadRequest(text) => {
            let lower = text.to_ascii_lowercase();
            lower.contains("could not find the file")
                || lower.contains("no such file")
                || lower.contains("not a directory")
        }
        _ => false,
    };
    if missing {
        EngineError::FileNotFound {
            path: path.to_string(),
        }
    } else {
        error
    }
}

/// Percent-encodes a query's value (RFC 3986, 2.3).
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded() {
        assert_eq!(
            encode("/a b&path=/etc#?é"),
            "/a%20b%26path%3D/etc%23%3F%C3%A9"
        );
    }
}
