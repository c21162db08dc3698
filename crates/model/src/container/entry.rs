//! Programs that a container offers to run.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::path_template::PathTemplate;
use super::text_template::TextTemplate;
use super::words::words;
use crate::Invalid;
use crate::invalid::string_conversions;

/// The name of an entry point: 1 to 64 letters, digits, `_`, `.` and `-`, beginning with a letter
/// or digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryName(String);

impl EntryName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let starts_well = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        let goes_well = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if starts_well && goes_well && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "entry name",
                text,
                "expected 1 to 64 letters, digits, '_', '.' or '-', beginning with a letter or digit",
            ))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

string_conversions!(EntryName);

words! {
    /// How a program meets its user (the subsystem in its PE header).
    #[derive(Default)]
    pub enum EntryKind: "entry kind" {
        /// By standard input and output.
        #[default]
        Console => "console",
        /// By windows.
        Gui => "gui",
    }
}

/// A program that a container offers to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Entry {
    /// Its name in this manifest.
    pub name: EntryName,
    /// Whether it runs where no entry is named. One entry of a manifest is the default.
    #[serde(default)]
    pub default: bool,
    /// The program's file.
    pub program: PathTemplate,
    /// Arguments before those of the caller.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<TextTemplate>,
    /// The working directory; by default the program's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathTemplate>,
    /// Console or GUI.
    #[serde(default)]
    pub kind: EntryKind,
}
