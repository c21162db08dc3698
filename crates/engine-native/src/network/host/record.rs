//! What an engine has of the host's network, kept in the data directory: the next engine there has
//! the same.

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
        })
    }

    /// Reads the record.
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
        let record: Self =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if record.version != VERSION {
            return Err(damaged(format!(
                "its version {} is not known",
                record.version
            )));
        }
        if !record.owner.bytes().all(|byte| byte.is_ascii_hexdigit()) || record.owner.is_empty() {
            return Err(damaged("its owner is not a number".to_owned()));
        }
        Ok(Some(record))
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

/// The host's current boot.
pub(super) fn boot() -> Result<String, NetworkError> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    fs::read_to_string(path)
        .map(|text| text.trim().to_owned())
        .map_err(file("reading", path))
}

/// An error about a file.
pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> NetworkError {
    let path = path.to_owned();
    move |source| NetworkError::File { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_round_trips() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("network.json");
        assert!(Record::load(&path).unwrap().is_none());
        let record = Record::new(Instance::new(3, None)).unwrap();
        record.save(&path).unwrap();
        let loaded = Record::load(&path).unwrap().unwrap();
        assert_eq!(loaded.instance, Instance::new(3, None));
        assert_eq!(loaded.owner, record.owner);
    }

    #[test]
    fn a_damaged_record_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("network.json");
        let mut record = Record::new(Instance::new(0, None)).unwrap();
        record.owner = "no number".to_owned();
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
