//! The record of what was changed on the host, kept in the data directory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::network::NetworkError;
use crate::network::plan::Instance;

/// The version of the record's form.
const VERSION: u32 = 1;

/// What this engine has of the host's network.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    version: u32,
    /// A random text that marks the nft table as this engine's.
    pub(super) owner: String,
    pub(super) instance: Instance,
    /// The host's boot that the changes were made in; a restart has undone them.
    boot: String,
    pub(super) changes: Vec<Change>,
}

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

impl Record {
    pub(super) fn new(instance: Instance) -> Result<Self, NetworkError> {
        let mut random = [0u8; 8];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).map_err(
            |error| NetworkError::File {
                what: "reading",
                path: PathBuf::from("/dev/urandom"),
                source: error.into(),
            },
        )?;
        let owner = format!("{:016x}", u64::from_ne_bytes(random));
        Ok(Self {
            version: VERSION,
            owner,
            instance,
            boot: boot()?,
            changes: Vec::new(),
        })
    }

    /// Reads the record, without the changes if the host was restarted since.
    pub(super) fn load(path: &Path) -> Result<Option<Self>, NetworkError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(file("reading", path)(source)),
        };
        let damaged = |reason: String| NetworkError::Record {
            path: path.to_owned(),
            reason,
        };
        let mut record: Self =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if record.version != VERSION {
            return Err(damaged(format!(
                "its version {} is not known",
                record.version
            )));
        }
        let strange = |change: &&Change| {
            change
                .path
                .split('/')
                .any(|part| matches!(part, "" | "." | ".."))
        };
        if let Some(change) = record.changes.iter().find(strange) {
            return Err(damaged(format!(
                "{} is not the name of a setting",
                change.path
            )));
        }
        if !record.owner.bytes().all(|byte| byte.is_ascii_hexdigit()) || record.owner.is_empty() {
            return Err(damaged("its owner is not a number".to_owned()));
        }
        let boot = boot()?;
        if record.boot != boot {
            record.boot = boot;
            record.changes.clear();
        }
        Ok(Some(record))
    }

    /// Adds changes that are about to be made. What is recorded already keeps its first original.
    pub(super) fn remember(&mut self, changes: &[Change]) {
        for change in changes {
            if !self.changes.iter().any(|known| known.path == change.path) {
                self.changes.push(change.clone());
            }
        }
    }

    /// The interfaces that were opened for forwarding.
    pub(super) fn opened_interfaces(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .changes
            .iter()
            .filter_map(|change| change.opened.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Writes the record so that it is there, whole, after a crash.
    pub(super) fn save(&self, path: &Path) -> Result<(), NetworkError> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| NetworkError::Record {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        if fs::read(path).is_ok_and(|present| present == text) {
            return Ok(());
        }
        let temporary = path.with_extension("tmp");
        let written = File::create(&temporary)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&temporary, path))
            .and_then(|()| sync_directory(path));
        written.map_err(file("writing", path))
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent != Path::new("") => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

fn boot() -> Result<String, NetworkError> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    fs::read_to_string(path)
        .map(|text| text.trim().to_owned())
        .map_err(file("reading", path))
}

fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> NetworkError {
    let path = path.to_owned();
    move |source| NetworkError::File { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(original: &str) -> Change {
        Change {
            path: "ipv4/conf/eth0/forwarding".to_owned(),
            original: original.to_owned(),
            written: Some("1".to_owned()),
            opened: Some("eth0".to_owned()),
        }
    }

    #[test]
    fn a_record_round_trips_and_keeps_the_first_original() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("network.json");
        assert!(Record::load(&path).unwrap().is_none());
        let mut record = Record::new(Instance::new(3, None)).unwrap();
        record.remember(&[change("0")]);
        record.remember(&[change("1")]);
        record.save(&path).unwrap();
        let loaded = Record::load(&path).unwrap().unwrap();
        assert_eq!(loaded.instance, Instance::new(3, None));
        assert_eq!(loaded.changes, [change("0")]);
        assert_eq!(loaded.opened_interfaces(), ["eth0"]);
    }

    #[test]
    fn a_restart_of_the_host_has_undone_the_changes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("network.json");
        let mut record = Record::new(Instance::new(0, None)).unwrap();
        record.remember(&[change("0")]);
        record.boot = "another".to_owned();
        record.save(&path).unwrap();
        let loaded = Record::load(&path).unwrap().unwrap();
        assert!(loaded.changes.is_empty());
        assert_eq!(loaded.owner, record.owner);
    }

    #[test]
    fn a_damaged_record_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("network.json");
        let mut record = Record::new(Instance::new(0, None)).unwrap();
        record.remember(&[Change {
            path: "../../etc/passwd".to_owned(),
            ..change("0")
        }]);
        record.save(&path).unwrap();
        assert!(matches!(
            Record::load(&path),
            Err(NetworkError::Record { .. })
        ));
        fs::write(&path, "{").unwrap();
        assert!(matches!(
            Record::load(&path),
            Err(NetworkError::Record { .. })
        ));
    }
}
