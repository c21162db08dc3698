//! Paths inside a sandbox.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::invalid::string_conversions;

/// An absolute path inside a sandbox, cleaned by name: no `.`, no `..`, no double slash, no NUL.
///
/// It says nothing about the host. It is resolved below the sandbox's root only, never joined to
/// a host path as text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerPath(String);

impl ContainerPath {
    /// The longest path, in bytes (Linux `PATH_MAX`, with its NUL).
    pub const MAX_LEN: usize = 4095;

    /// Reads an absolute path; `..` is resolved by name and stops at the root.
    ///
    /// # Errors
    /// [`Invalid`] for a relative or empty path, one with a NUL, or one that is too long.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if !text.starts_with('/') {
            return Err(Invalid::new(
                "path",
                text,
                "expected an absolute path inside the sandbox",
            ));
        }
        if text.contains('\0') || text.len() > Self::MAX_LEN {
            return Err(Invalid::new(
                "path",
                text,
                "expected at most 4095 bytes and no NUL",
            ));
        }
        Ok(Self::clean(text))
    }

    /// `path` where it is absolute, else `path` below `self`.
    ///
    /// # Errors
    /// As for [`ContainerPath::parse`].
    pub fn join(&self, path: &str) -> Result<Self, Invalid> {
        if path.starts_with('/') {
            Self::parse(path)
        } else {
            Self::parse(&format!("{}/{path}", self.0))
        }
    }

    fn clean(text: &str) -> Self {
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        Self(format!("/{}", parts.join("/")))
    }

    /// The root.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path, beginning with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without its leading slash, for use relative to a root directory's descriptor;
    /// `.` for the root itself.
    pub fn relative(&self) -> &str {
        match &self.0[1..] {
            "" => ".",
            relative => relative,
        }
    }

    /// The last component; `None` for the root.
    pub fn file_name(&self) -> Option<&str> {
        self.0.rsplit('/').next().filter(|name| !name.is_empty())
    }

    /// The directory that holds the path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (parent, name) = self.0.rsplit_once('/')?;
        if name.is_empty() {
            return None;
        }
        Some(Self(if parent.is_empty() {
            "/".to_owned()
        } else {
            parent.to_owned()
        }))
    }
}

impl fmt::Display for ContainerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ContainerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

string_conversions!(ContainerPath);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_by_name() {
        for (text, clean, relative) in [
            ("/", "/", "."),
            ("//app/./src/", "/app/src", "app/src"),
            ("/../../etc/passwd", "/etc/passwd", "etc/passwd"),
            ("/a/../..", "/", "."),
        ] {
            let path = ContainerPath::parse(text).unwrap();
            assert_eq!((path.as_str(), path.relative()), (clean, relative));
        }
    }

    #[test]
    fn parents_and_names() {
        let path = ContainerPath::parse("/app/src").unwrap();
        assert_eq!(path.file_name(), Some("src"));
        assert_eq!(path.parent().unwrap().as_str(), "/app");
        assert_eq!(
            path.parent().unwrap().parent().unwrap(),
            ContainerPath::root()
        );
        assert_eq!(ContainerPath::root().parent(), None);
        assert_eq!(path.join("../x").unwrap().as_str(), "/app/x");
    }

    #[test]
    fn refuses_relative_and_nul() {
        assert!(ContainerPath::parse("app").is_err());
        assert!(ContainerPath::parse("/a\0b").is_err());
        assert!(ContainerPath::parse("").is_err());
    }
}
