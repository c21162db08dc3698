//! What the engines of a host have changed together, and which of them need it.
//!
//! A setting of the host is there once, however many engines use it: the first writes its original
//! down, and the last puts it back. The register lies below `/run`, which a restart of the host
//! empties, in a file for each network namespace, and is gone when no engine needs it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cookie;
use super::held::Held;
use super::record::{boot, file};
use super::sysctl::Change;
use crate::network::NetworkError;
use crate::network::plan::Instance;

/// The version of the register's form.
const VERSION: u32 = 1;

/// The register of the calling thread's network namespace, held until it is dropped.
#[derive(Debug)]
pub(super) struct Register {
    held: Held,
    path: PathBuf,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Content {
    version: u32,
    /// The host's boot that the changes were made in.
    boot: String,
    engines: Vec<Registration>,
    changes: Vec<Change>,
}

/// An engine that needs the changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registration {
    /// What marks its nft table.
    pub(super) owner: String,
    pub(super) instance: Instance,
    /// The file that its processes hold a lock on, where it says one.
    pub(super) presence: Option<PathBuf>,
}

impl Register {
    /// Waits for the register in a directory, and begins one where there is none.
    pub(super) fn open(directory: &Path) -> Result<Self, NetworkError> {
        Self::read(Held::take(directory).map_err(file("making", directory))?)
    }

    /// Waits for the register; `None` where no engine needs one.
    pub(super) fn open_existing(directory: &Path) -> Result<Option<Self>, NetworkError> {
        Held::take_existing(directory)
            .map_err(file("opening", directory))?
            .map(Self::read)
            .transpose()
    }

    fn read(held: Held) -> Result<Self, NetworkError> {
        let namespace = cookie::of_this_namespace().map_err(NetworkError::Namespace)?;
        let path = held.file(&format!("network-{namespace}.json"));
        let boot = boot()?;
        let content = match fs::read(&path) {
            Ok(text) => Some(parse(&path, &text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(file("reading", &path)(source)),
        };
        let content = content
            .filter(|content| content.boot == boot)
            .unwrap_or(Content {
                version: VERSION,
                boot,
                engines: Vec::new(),
                changes: Vec::new(),
            });
        Ok(Self {
            held,
            path,
            content,
        })
    }

    /// Adds an engine, or brings up to date what is said of it. Nobody else has its instance.
    pub(super) fn enter(&mut self, registration: Registration) {
        self.content.engines.retain(|known| {
            known.owner != registration.owner
                && known.instance.number() != registration.instance.number()
        });
        self.content.engines.push(registration);
    }

    /// Takes an engine out.
    pub(super) fn leave(&mut self, owner: &str) {
        self.content.engines.retain(|known| known.owner != owner);
    }

    /// Whether an engine is in it.
    pub(super) fn has(&self, owner: &str) -> bool {
        self.content
            .engines
            .iter()
            .any(|known| known.owner == owner)
    }

    /// The engines that need the changes.
    pub(super) fn engines(&self) -> &[Registration] {
        &self.content.engines
    }

    /// All that was changed, in order.
    pub(super) fn changes(&self) -> &[Change] {
        &self.content.changes
    }

    /// Adds changes that are about to be made. What is written down already keeps its first
    /// original.
    pub(super) fn remember(&mut self, changes: &[Change]) {
        let known = &mut self.content.changes;
        for change in changes {
            if !known.iter().any(|known| known.path == change.path) {
                known.push(change.clone());
            }
        }
    }

    /// The interfaces that were opened for forwarding.
    pub(super) fn opened_interfaces(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .content
            .changes
            .iter()
            .filter_map(|change| change.opened.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Writes the register: it is there as a whole or as it was. A process that is killed loses
    /// nothing that it has written, so the disk is not waited for.
    pub(super) fn save(&self) -> Result<(), NetworkError> {
        let text =
            serde_json::to_vec_pretty(&self.content).map_err(|error| NetworkError::Record {
                path: self.path.clone(),
                reason: error.to_string(),
            })?;
        if fs::read(&self.path).is_ok_and(|present| present == text) {
            return Ok(());
        }
        let temporary = self.temporary();
        fs::write(&temporary, &text)
            .and_then(|()| fs::rename(&temporary, &self.path))
            .map_err(file("writing", &self.path))
    }

    /// Removes the register, and its directory where no other namespace has one.
    pub(super) fn delete(self) -> Result<(), NetworkError> {
        for path in [self.temporary(), self.path.clone()] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(file("removing", &path)(error));
                }
                _ => {}
            }
        }
        drop(self.held);
        Ok(())
    }

    /// Where a new content is written first. Nobody else writes there while the directory is held.
    fn temporary(&self) -> PathBuf {
        self.path.with_extension("tmp")
    }
}

fn parse(path: &Path, text: &[u8]) -> Result<Content, NetworkError> {
    let damaged = |reason: String| NetworkError::Record {
        path: path.to_owned(),
        reason,
    };
    let content: Content =
        serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
    if content.version != VERSION {
        let version = content.version;
        return Err(damaged(format!("its version {version} is not known")));
    }
    match content.changes.iter().find(|change| !change.is_sound()) {
        Some(change) => Err(damaged(format!(
            "{} is not the name of a setting",
            change.path
        ))),
        None => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, original: &str) -> Change {
        Change {
            path: path.to_owned(),
            original: original.to_owned(),
            written: Some("1".to_owned()),
            opened: Some("eth0".to_owned()),
        }
    }

    fn registration(owner: &str, number: u8) -> Registration {
        Registration {
            owner: owner.to_owned(),
            instance: Instance::new(number, None),
            presence: None,
        }
    }

    const SETTING: &str = "ipv4/conf/eth0/forwarding";

    #[test]
    fn engines_share_the_first_original() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("shared");
        let mut register = Register::open(&directory).unwrap();
        register.enter(registration("a", 0));
        register.remember(&[change(SETTING, "0")]);
        register.save().unwrap();
        drop(register);
        let mut register = Register::open_existing(&directory).unwrap().unwrap();
        register.enter(registration("b", 1));
        register.enter(registration("b", 1));
        register.remember(&[change(SETTING, "1")]);
        register.save().unwrap();
        drop(register);
        let mut register = Register::open(&directory).unwrap();
        assert_eq!(register.changes(), [change(SETTING, "0")]);
        assert_eq!(register.opened_interfaces(), ["eth0"]);
        register.leave("a");
        assert_eq!(register.engines(), [registration("b", 1)]);
        // An instance that was taken over is not its former owner's.
        register.enter(registration("c", 1));
        assert_eq!(register.engines(), [registration("c", 1)]);
        register.delete().unwrap();
        assert!(!directory.exists());
    }

    #[test]
    fn one_of_another_boot_or_of_a_killed_writer_is_none() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("shared");
        let mut register = Register::open(&directory).unwrap();
        register.enter(registration("a", 0));
        register.content.boot = "another".to_owned();
        register.save().unwrap();
        fs::write(register.temporary(), "{").unwrap();
        drop(register);
        let register = Register::open(&directory).unwrap();
        assert_eq!(register.engines(), []);
        register.delete().unwrap();
        assert!(!directory.exists());
    }

    #[test]
    fn a_damaged_one_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let mut register = Register::open(root.path()).unwrap();
        register.remember(&[change("../../etc/passwd", "0")]);
        register.save().unwrap();
        let path = register.path.clone();
        drop(register);
        let refused = || {
            let error = Register::open(root.path()).unwrap_err();
            assert!(matches!(error, NetworkError::Record { .. }), "{error}");
        };
        refused();
        fs::write(path, "{").unwrap();
        refused();
    }
}
