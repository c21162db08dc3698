//! Directories of the host that a sandbox sees.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::string_conversions;
use crate::{ContainerPath, Invalid};

/// An absolute path on the host that runs the sandbox, without `.`, `..`, double slashes and NUL.
///
/// `..` is refused rather than cleaned by name: what it leads to depends on the host's symlinks.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPath(String);

impl HostPath {
    /// The longest path, in bytes (Linux `PATH_MAX`, with its NUL).
    pub const MAX_LEN: usize = 4095;

    /// Reads an absolute path; a slash at its end is dropped.
    ///
    /// # Errors
    /// [`Invalid`] for anything that is not the plain name of one place.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bad = |expected: &str| Err(Invalid::new("path on the host", text, expected));
        let Some(relative) = text.strip_prefix('/') else {
            return bad("expected an absolute path on the host");
        };
        if text.contains('\0') || text.len() > Self::MAX_LEN {
            return bad("expected at most 4095 bytes and no NUL");
        }
        let relative = match relative.strip_suffix('/') {
            Some(shorter) if !shorter.is_empty() => shorter,
            _ => relative,
        };
        let is_plain = |part: &str| !matches!(part, "" | "." | "..");
        if !relative.is_empty() && !relative.split('/').all(is_plain) {
            return bad("expected a path without \".\", \"..\" and double slashes");
        }
        Ok(Self(format!("/{relative}")))
    }

    /// The path, beginning with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

string_conversions!(HostPath);

/// A user and a group inside of a sandbox.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct FileOwner {
    /// The user's id.
    pub uid: u32,
    /// The group's id.
    pub gid: u32,
}

/// What a sandbox may do in a directory of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MountAccess {
    /// Read it.
    ReadOnly,
    /// Read and change it: what is written is the host's from then on.
    ReadWrite,
    /// Read it and change what it sees of it: what is written is kept with the sandbox, and goes
    /// into the layer that the sandbox is frozen to.
    CopyOnWrite,
}

/// A directory of the host at a path in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostMount {
    /// The directory. No part of the path may be a symlink.
    pub source: HostPath,
    /// Where the sandbox sees it; made where it is missing.
    pub target: ContainerPath,
    /// What the sandbox may do in it.
    pub access: MountAccess,
    /// Who the owner and the group of the host's directory are in the sandbox. Other owners of the
    /// host are nobody there.
    #[serde(default)]
    pub owner: FileOwner,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_path_names_one_place() {
        for (text, path) in [
            ("/", "/"),
            ("/srv/", "/srv"),
            ("/srv/a b/ñ", "/srv/a b/ñ"),
            ("/srv/..a", "/srv/..a"),
        ] {
            assert_eq!(HostPath::parse(text).unwrap().as_str(), path);
        }
        for text in ["", "srv", "/srv/../etc", "/./srv", "/srv//a", "//", "/a\0b"] {
            assert!(HostPath::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_mount_is_stored_in_words() {
        let text = r#"{"source":"/srv","target":"/data","access":"copy-on-write"}"#;
        let mount: HostMount = serde_json::from_str(text).unwrap();
        assert_eq!(mount.access, MountAccess::CopyOnWrite);
        assert_eq!(mount.owner, FileOwner { uid: 0, gid: 0 });
    }
}
