//! Files that a container's programs open.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::entry::EntryName;
use super::fold::fold;
use super::win32_name::check_name;
use crate::Invalid;
use crate::invalid::string_conversions;

/// The extension of a file's name with its dot, `.7z`, in lower case where it is ASCII.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Extension(String);

impl Extension {
    /// Reads an extension.
    ///
    /// # Errors
    /// [`Invalid`] unless it is a dot and 1 to 32 characters of a file's name without a dot.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_name = |name: &str| {
            (1..=32).contains(&name.chars().count())
                && !name.contains(['.', ' '])
                && check_name(&format!("file.{name}")).is_ok()
        };
        match text.strip_prefix('.') {
            Some(name) if is_name(name) => Ok(Self(text.to_ascii_lowercase())),
            _ => Err(Invalid::new(
                "extension",
                text,
                "expected a dot and up to 32 characters, like .txt",
            )),
        }
    }

    /// The extension with its dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The extension as it is compared.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

string_conversions!(Extension);

/// A kind of file that an entry opens: its path becomes the entry's last argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FileType {
    /// The extension.
    pub extension: Extension,
    /// What such a file is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The entry that opens it.
    pub entry: EntryName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_checked() {
        assert_eq!(Extension::parse(".7Z").unwrap().as_str(), ".7z");
        for bad in [
            "",
            ".",
            "7z",
            ".tar.gz",
            ".a b",
            ".a*",
            ".a/b",
            &format!(".{}", "a".repeat(33)),
        ] {
            assert!(Extension::parse(bad).is_err(), "{bad}");
        }
    }
}
