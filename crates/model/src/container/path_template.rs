//! Paths as a manifest writes them.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::fold::fold;
use super::known_folder::KnownFolder;
use super::win32_name::check_name;
use super::win32_path::{Win32Path, clean_below};
use crate::Invalid;
use crate::invalid::string_conversions;

/// A path in a manifest: a known folder and names below it (`%ProgramFiles%\7-Zip`), or a path on
/// a drive (`C:\Tools`) that is not below the users' folders.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathTemplate {
    start: Start,
    /// The names below it, as a path; empty for the folder itself.
    rest: String,
    folded: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Start {
    Folder(KnownFolder),
    Drive(char),
}

impl PathTemplate {
    /// Reads a path of a manifest.
    ///
    /// # Errors
    /// [`Invalid`] for an unknown token, a path that is not absolute, one that leaves its folder
    /// by `..`, one below the users' folders, and what [`Win32Path::parse`] refuses.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Some(rest) = text.strip_prefix('%') {
            return Self::parse_token(text, rest);
        }
        let path = Win32Path::parse(text)?;
        let mut names = path.names().map(fold);
        let first = names.next();
        if path.drive() == 'C'
            && matches!(first.as_deref(), Some("USERS" | "DOCUMENTS AND SETTINGS"))
        {
            return Err(Invalid::new(
                "path",
                text,
                "a user's folder has another name on each machine; begin with %UserProfile%, %AppData%, %Documents% or another token",
            ));
        }
        let rest = path.names().collect::<Vec<_>>().join("\\");
        Ok(Self::new(Start::Drive(path.drive()), rest))
    }

    fn parse_token(text: &str, rest: &str) -> Result<Self, Invalid> {
        let invalid = |expected: String| Invalid::new("path", text, expected);
        let (name, rest) = rest
            .split_once('%')
            .ok_or_else(|| invalid("expected a second % behind the folder's name".to_owned()))?;
        let folder = KnownFolder::parse(&format!("%{name}%"))?;
        if !(rest.is_empty() || rest.starts_with(['\\', '/'])) {
            return Err(invalid(format!("expected \\ behind {folder}")));
        }
        let names =
            clean_below(rest).ok_or_else(|| invalid(format!("`..` leads out of {folder}")))?;
        for name in &names {
            check_name(name).map_err(|fault| invalid(fault.to_string()))?;
        }
        Ok(Self::new(Start::Folder(folder), names.join("\\")))
    }

    fn new(start: Start, rest: String) -> Self {
        let folded = fold(&rest);
        Self {
            start,
            rest,
            folded,
        }
    }

    /// The known folder that it begins with, if it does.
    pub fn folder(&self) -> Option<KnownFolder> {
        match self.start {
            Start::Folder(folder) => Some(folder),
            Start::Drive(_) => None,
        }
    }

    /// The names below its known folder or drive, as a path.
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// The path, where `place` says where a known folder is.
    ///
    /// # Errors
    /// What `place` says, and [`Invalid`] for a path that gets too long.
    pub fn resolve<E: From<Invalid>>(
        &self,
        place: impl FnOnce(KnownFolder) -> Result<Win32Path, E>,
    ) -> Result<Win32Path, E> {
        let start = match self.start {
            Start::Folder(folder) => place(folder)?,
            Start::Drive(drive) => Win32Path::root(drive),
        };
        Ok(start.join(&self.rest)?)
    }
}

impl PartialEq for PathTemplate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for PathTemplate {}

impl PartialOrd for PathTemplate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PathTemplate {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.start, &self.folded).cmp(&(other.start, &other.folded))
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.start {
            Start::Folder(folder) if self.rest.is_empty() => write!(f, "{folder}"),
            Start::Folder(folder) => write!(f, "{folder}\\{}", self.rest),
            Start::Drive(drive) => write!(f, "{drive}:\\{}", self.rest),
        }
    }
}

impl fmt::Debug for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

string_conversions!(PathTemplate);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Bitness;

    #[test]
    fn tokens_and_drives_are_read() {
        for (text, shown, resolved) in [
            (r"%documents%", r"%Documents%", r"C:\users\u\Documents"),
            (
                r"%AppData%/Vendor\.\App\",
                r"%AppData%\Vendor\App",
                r"C:\users\u\AppData\Roaming\Vendor\App",
            ),
            (
                r"%ProgramFiles%\a\..\b",
                r"%ProgramFiles%\b",
                r"C:\Program Files (x86)\b",
            ),
            (r"c:\Tools", r"C:\Tools", r"C:\Tools"),
            (r"D:\", r"D:\", r"D:\"),
        ] {
            let path = PathTemplate::parse(text).unwrap();
            assert_eq!(path.to_string(), shown);
            let place = |folder: KnownFolder| folder.in_container(Bitness::X86, "u");
            assert_eq!(path.resolve(place).unwrap().as_str(), resolved);
        }
        assert_eq!(
            PathTemplate::parse(r"%Documents%\A").unwrap(),
            PathTemplate::parse(r"%DOCUMENTS%\a").unwrap()
        );
    }

    #[test]
    fn literal_users_and_ways_out_are_refused() {
        for (text, said) in [
            (r"C:\Users\ana\Documents", "%UserProfile%"),
            (r"c:\documents and settings\ana", "%UserProfile%"),
            (r"%Documents%\..\x", "leads out"),
            (r"%Documents%x", "behind %Documents%"),
            (r"%Documents", "second %"),
            (r"%Docs%\x", "%Documents%"),
            (r"%AppData%\NUL", "devices"),
            (r"App\x", "absolute"),
        ] {
            let error = PathTemplate::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
