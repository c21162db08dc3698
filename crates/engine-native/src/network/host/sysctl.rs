//! Reading and changing the host's network settings.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::network::NetworkError;

/// A setting of the host that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    /// The file's path below `/proc/sys/net`.
    pub(super) path: String,
    /// The value before.
    pub(super) original: String,
    /// The value that was written; `None` for a setting that another write changes along.
    pub(super) written: Option<String>,
    /// The interface that was opened for forwarding, where the setting does that.
    pub(super) opened: Option<String>,
}

impl Change {
    /// Whether the path stays below the settings.
    pub(super) fn is_sound(&self) -> bool {
        self.path
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."))
    }
}

/// The settings below a directory: the host's, or a test's.
#[derive(Debug, Clone)]
pub(super) struct Sysctls {
    root: PathBuf,
}

impl Sysctls {
    /// The settings of the calling thread's network namespace.
    pub(super) fn host() -> Self {
        Self::below("/proc/sys/net".into())
    }

    pub(super) fn below(root: PathBuf) -> Self {
        Self { root }
    }

    /// The value of a setting; `None` where the kernel, or the interface, has none.
    pub(super) fn get(&self, path: &str) -> Result<Option<String>, NetworkError> {
        let path = self.root.join(path);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if gone(&error) => Ok(None),
            Err(source) => Err(NetworkError::File {
                what: "reading",
                path,
                source,
            }),
        }
    }

    /// The names of a directory of settings.
    pub(super) fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(directory))
            .into_iter()
            .flatten()
            .flatten();
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// Makes the changes, in order.
    pub(super) fn apply(&self, changes: &[Change]) -> Result<(), NetworkError> {
        for change in changes {
            if let Some(value) = &change.written {
                self.set(&change.path, value)?;
            }
        }
        Ok(())
    }

    /// Puts the originals back, the last change first, except where somebody else has changed the
    /// value since, or has come to need it.
    pub(super) fn put_back(&self, changes: &[Change]) -> Result<(), NetworkError> {
        // Whoever turned forwarding on for the whole host meant these interfaces as well.
        let forwards_v4 = self.get("ipv4/ip_forward")?.as_deref() == Some("1");
        for change in changes.iter().rev() {
            let Some(value) = self.get(&change.path)? else {
                continue;
            };
            let ours = change
                .written
                .as_ref()
                .is_none_or(|written| *written == value);
            let needed = forwards_v4 && change.path.starts_with("ipv4/") && change.opened.is_some();
            if ours && !needed && value != change.original {
                self.set(&change.path, &change.original)?;
            }
        }
        Ok(())
    }

    fn set(&self, path: &str, value: &str) -> Result<(), NetworkError> {
        let path = self.root.join(path);
        match fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|mut file| io::Write::write_all(&mut file, value.as_bytes()))
        {
            // An interface that has gone meanwhile takes its settings with it.
            Err(error) if gone(&error) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(NetworkError::NotPermitted)
            }
            result => result.map_err(|source| NetworkError::File {
                what: "writing",
                path,
                source,
            }),
        }
    }
}

fn gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
