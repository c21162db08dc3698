//! Absolute paths of Win32.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::fold::fold;
use super::win32_name::check_name;
use crate::Invalid;
use crate::invalid::string_conversions;

/// An absolute path on a drive, as a program in a container names it: `C:\Program Files\7-Zip`.
///
/// It is kept with the case that it was written in, and compared without: two paths are equal
/// where Win32 takes them for one. `.`, `..` and double separators are resolved by name, `/` is
/// a separator, and one dot at a name's end and dots and spaces at the path's end are dropped, as
/// `GetFullPathName` does (Microsoft: "File path formats on Windows systems").
///
/// It names a file or folder on a drive and nothing else: no device, no stream, no share, no
/// short name, nothing relative.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Win32Path {
    text: String,
    folded: String,
}

impl Win32Path {
    /// The longest path, in units of UTF-16 (`UNICODE_STRING`).
    pub const MAX_LEN: usize = 32_767;

    /// Reads an absolute path on a drive. The prefix `\\?\` is dropped; behind it nothing is
    /// resolved, so `/`, `.` and `..` are refused there.
    ///
    /// # Errors
    /// [`Invalid`] with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |expected: String| Invalid::new("Win32 path", text, expected);
        if text.len() > Self::MAX_LEN * 3 || text.encode_utf16().count() > Self::MAX_LEN {
            return Err(invalid(format!(
                "expected at most {} characters",
                Self::MAX_LEN
            )));
        }
        let (verbatim, rest) = match text.strip_prefix(r"\\?\") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (drive, rest) = split_drive(rest).map_err(|expected| invalid(expected.to_owned()))?;
        let names = if verbatim {
            rest.split('\\').filter(|name| !name.is_empty()).collect()
        } else {
            resolve_names(rest)
        };
        for name in &names {
            check_name(name).map_err(|fault| invalid(fault.to_string()))?;
        }
        Ok(Self::from_names(drive, &names))
    }

    /// The path of names that were checked, or that a running program gave.
    pub fn from_names(drive: char, names: &[&str]) -> Self {
        let text = format!("{}:\\{}", drive.to_ascii_uppercase(), names.join("\\"));
        let folded = fold(&text);
        Self { text, folded }
    }

    /// The root of a drive.
    pub fn root(drive: char) -> Self {
        Self::from_names(drive, &[])
    }

    /// The names of `relative` below this path.
    ///
    /// # Errors
    /// As for [`Win32Path::parse`]; also where `..` would lead above this path.
    pub fn join(&self, relative: &str) -> Result<Self, Invalid> {
        let invalid = |expected: String| Invalid::new("Win32 path", relative, expected);
        let names =
            clean_below(relative).ok_or_else(|| invalid(format!("`..` leads out of {self}")))?;
        for name in &names {
            check_name(name).map_err(|fault| invalid(fault.to_string()))?;
        }
        let names: Vec<&str> = self.names().chain(names).collect();
        Ok(Self::from_names(self.drive(), &names))
    }

    /// The path in the case that it was written in.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path as it is compared.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The drive's letter, upper case.
    pub fn drive(&self) -> char {
        char::from(self.text.as_bytes()[0])
    }

    /// The names from the drive's root on.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.text[3..].split('\\').filter(|name| !name.is_empty())
    }

    /// The number of names.
    pub fn depth(&self) -> usize {
        self.names().count()
    }

    /// The folder that holds it; `None` for a root.
    pub fn parent(&self) -> Option<Self> {
        let mut names: Vec<&str> = self.names().collect();
        names.pop()?;
        Some(Self::from_names(self.drive(), &names))
    }

    /// Whether it is `ancestor` or below it.
    pub fn is_below(&self, ancestor: &Self) -> bool {
        self.folded
            .strip_prefix(ancestor.folded.as_str())
            .is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('\\') || ancestor.folded.ends_with('\\')
            })
    }

    /// The names below `ancestor`, none for itself; `None` where it is not below it.
    pub fn below(&self, ancestor: &Self) -> Option<Vec<&str>> {
        self.is_below(ancestor)
            .then(|| self.names().skip(ancestor.depth()).collect())
    }
}

/// Splits `C:\rest` into the drive and the rest behind the first separator.
fn split_drive(text: &str) -> Result<(char, &str), &'static str> {
    const ABSOLUTE: &str = r"expected an absolute path like C:\Program Files\App";
    let separator = |c: Option<&u8>| matches!(c, Some(b'\\' | b'/'));
    let bytes = text.as_bytes();
    if separator(bytes.first()) && separator(bytes.get(1)) {
        return Err("shares (\\\\server\\share) and devices (\\\\.\\) can't be named here");
    }
    match bytes {
        [drive, b':', rest @ ..] if drive.is_ascii_alphabetic() => match rest {
            [] | [b'\\' | b'/', ..] => Ok((char::from(*drive), text.get(3..).unwrap_or(""))),
            _ => Err("the path depends on the drive's current folder; write C:\\ before it"),
        },
        _ => Err(ABSOLUTE),
    }
}

/// The names of what stands behind a drive, as `GetFullPathName` has them: `.`, `..` and double
/// separators resolved, `..` stopping at the root, and endings dropped that Win32 drops.
pub fn resolve_names(rest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for name in split(rest) {
        match name {
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    names
}

/// Resolves a path by name; `None` where `..` leads out.
pub(super) fn clean_below(rest: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for name in split(rest) {
        match name {
            ".." => drop(names.pop()?),
            name => names.push(name),
        }
    }
    Some(names)
}

/// The names of a path, `..` among them, trimmed as `GetFullPathName` does.
fn split(rest: &str) -> impl Iterator<Item = &str> {
    let ends_in_name = !rest.ends_with(['\\', '/']);
    let mut names = rest.split(['\\', '/']).peekable();
    std::iter::from_fn(move || {
        loop {
            let name = names.next()?;
            let is_last = names.peek().is_none();
            let trimmed = match name {
                "" | "." => continue,
                ".." => return Some(name),
                _ if is_last && ends_in_name => name.trim_end_matches(['.', ' ']),
                _ if name.ends_with("..") => name,
                _ => name.strip_suffix('.').unwrap_or(name),
            };
            if !trimmed.is_empty() {
                return Some(trimmed);
            }
        }
    })
}

impl PartialEq for Win32Path {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Win32Path {}

impl PartialOrd for Win32Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Win32Path {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for Win32Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Display for Win32Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Win32Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

string_conversions!(Win32Path);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_get_full_path_name_does() {
        for (text, path) in [
            (r"C:\", r"C:\"),
            (r"c:", r"C:\"),
            (r"c:\Program Files\7-Zip\", r"C:\Program Files\7-Zip"),
            (r"C:/a//b\.\c", r"C:\a\b\c"),
            (r"C:\a\..\..\b", r"C:\b"),
            (r"C:\a\b\..", r"C:\a"),
            (r"C:\a.\b", r"C:\a\b"),
            (r"C:\a\b. . .", r"C:\a\b"),
            (r"C:\a\ ", r"C:\a"),
            (r"\\?\C:\a\b", r"C:\a\b"),
        ] {
            assert_eq!(Win32Path::parse(text).unwrap().as_str(), path, "{text}");
        }
    }

    #[test]
    fn refuses_what_names_no_file_on_a_drive() {
        for (text, said) in [
            ("", "absolute"),
            ("a\\b", "absolute"),
            (r"\a", "absolute"),
            ("1:\\a", "absolute"),
            ("/srv/data", "absolute"),
            ("C:a", "current folder"),
            (r"\\server\share\a", "shares"),
            (r"\\.\C:\a", "shares"),
            (r"\\?\UNC\server\share", "absolute"),
            (r"\??\C:\a", "absolute"),
            (r"\\?\C:\a\..\b", "end in a dot"),
            (r"\\?\C:\a/b", "none of"),
            (r"\\?\C:\a.", "end in a dot"),
            (r"C:\a..\b", "end in a dot"),
            (r"C:\a \b", "end in a dot or a space"),
            (r"C:\a:stream", "stream"),
            (r"C:\a\NUL", "devices"),
            (r"C:\PROGRA~1\a", "long name"),
            ("C:\\a\0", "control"),
            (&format!("C:\\{}", "a\\".repeat(20_000)), "at most"),
        ] {
            let error = Win32Path::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn compares_without_case_and_by_name() {
        let path = |text| Win32Path::parse(text).unwrap();
        assert_eq!(path(r"C:\Ñandú"), path(r"c:\ñANDÚ"));
        let program = path(r"C:\Program Files\App\bin");
        assert_eq!(
            program.below(&path(r"c:\PROGRAM FILES")),
            Some(vec!["App", "bin"])
        );
        assert_eq!(program.below(&path(r"C:\Program")), None);
        assert_eq!(
            program.below(&path(r"C:\")).map(|names| names.len()),
            Some(3)
        );
        assert_eq!(program.below(&path(r"D:\")), None);
        assert_eq!(program.below(&program), Some(vec![]));
        assert_eq!(program.parent(), Some(path(r"C:\program files\app")));
        assert_eq!(path(r"C:\").parent(), None);
    }

    #[test]
    fn joins_below_only() {
        let app = Win32Path::parse(r"C:\App").unwrap();
        assert_eq!(
            app.join(r"bin\.\x.exe").unwrap().as_str(),
            r"C:\App\bin\x.exe"
        );
        assert_eq!(app.join("").unwrap(), app);
        assert!(app.join(r"bin\..\..\x").is_err());
        assert!(app.join(r"D:\x").is_err());
    }
}
