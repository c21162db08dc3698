//! Keys of the Win32 registry.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::fold::fold;
use super::words::words;
use crate::Invalid;
use crate::invalid::string_conversions;

/// The root of a part of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hive {
    /// `HKEY_LOCAL_MACHINE`.
    LocalMachine,
    /// `HKEY_CURRENT_USER`.
    CurrentUser,
}

impl Hive {
    /// The short name: `HKLM`, `HKCU`.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::LocalMachine => "HKLM",
            Self::CurrentUser => "HKCU",
        }
    }
}

words! {
    /// Which of the two views of the registry is meant, where a key has two.
    #[derive(Default)]
    pub enum RegistryView: "registry view" {
        /// Both.
        #[default]
        Both => "both",
        /// The one of 64-bit programs.
        Bits64 => "64",
        /// The one of 32-bit programs, which 64-bit programs see as `Wow6432Node`.
        Bits32 => "32",
    }
}

impl RegistryView {
    /// Whether a rule for this view covers a key of that one.
    pub fn covers(self, view: Self) -> bool {
        self == Self::Both || self == view
    }
}

/// A key of the registry: `HKCU\Software\Vendor`. It is compared without regard to case.
///
/// `HKCR` is read as `HKLM\Software\Classes`, where installers write. Views are not part of a
/// key: `Wow6432Node` is refused, and said by a [`RegistryView`] instead.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistryKey {
    hive: Hive,
    path: String,
    folded: String,
}

impl RegistryKey {
    /// The longest name of one key, in units of UTF-16 (Win32: "Registry element size limits").
    const MAX_NAME: usize = 255;
    /// The most names of a key (Win32: "Registry element size limits").
    const MAX_DEPTH: usize = 512;

    /// Reads a key with the long or short name of its hive.
    ///
    /// # Errors
    /// [`Invalid`] with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |expected: String| Invalid::new("registry key", text, expected);
        let (root, rest) = text.split_once('\\').unwrap_or((text, ""));
        let (hive, below) = match root.to_ascii_uppercase().as_str() {
            "HKLM" | "HKEY_LOCAL_MACHINE" => (Hive::LocalMachine, ""),
            "HKCU" | "HKEY_CURRENT_USER" => (Hive::CurrentUser, ""),
            "HKCR" | "HKEY_CLASSES_ROOT" => (Hive::LocalMachine, r"Software\Classes\"),
            _ => {
                return Err(invalid(
                    r"expected HKLM, HKCU or HKCR and a key below it, like HKCU\Software\Vendor"
                        .to_owned(),
                ));
            }
        };
        let full = format!("{below}{rest}");
        let names: Vec<&str> = full.split('\\').filter(|name| !name.is_empty()).collect();
        if names.len() > Self::MAX_DEPTH {
            return Err(invalid(format!(
                "expected at most {} names",
                Self::MAX_DEPTH
            )));
        }
        for name in &names {
            if name.encode_utf16().count() > Self::MAX_NAME {
                return Err(invalid(format!(
                    "the name of a key has at most {} characters",
                    Self::MAX_NAME
                )));
            }
            if name.chars().any(char::is_control) {
                return Err(invalid(
                    "the name of a key has no control characters".to_owned(),
                ));
            }
            if name.eq_ignore_ascii_case("Wow6432Node") {
                return Err(invalid(
                    "leave Wow6432Node out and write view = \"32\"".to_owned(),
                ));
            }
        }
        Ok(Self::from_names(hive, &names))
    }

    /// The key of names that were checked, or that a running program gave.
    pub fn from_names(hive: Hive, names: &[&str]) -> Self {
        let path = names.join("\\");
        let folded = fold(&path);
        Self { hive, path, folded }
    }

    /// The hive.
    pub fn hive(&self) -> Hive {
        self.hive
    }

    /// The names below the hive, as a path; empty for the hive itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether programs of 32 and 64 bits see different keys here: below `HKLM\Software`.
    pub fn has_views(&self) -> bool {
        let first = self.folded.split('\\').next();
        self.hive == Hive::LocalMachine && first == Some("SOFTWARE")
    }

    /// The number of names.
    pub fn depth(&self) -> usize {
        self.path
            .split('\\')
            .filter(|name| !name.is_empty())
            .count()
    }

    /// The key that holds it; `None` for a hive.
    pub fn parent(&self) -> Option<Self> {
        let names: Vec<&str> = self
            .path
            .split('\\')
            .filter(|name| !name.is_empty())
            .collect();
        let (_, above) = names.split_last()?;
        Some(Self::from_names(self.hive, above))
    }

    /// Whether it is `ancestor` or below it.
    pub fn is_below(&self, ancestor: &Self) -> bool {
        let rest = self.folded.strip_prefix(ancestor.folded.as_str());
        self.hive == ancestor.hive
            && rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('\\') || ancestor.folded.is_empty()
            })
    }
}

impl PartialEq for RegistryKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for RegistryKey {}

impl PartialOrd for RegistryKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RegistryKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.hive, &self.folded).cmp(&(other.hive, &other.folded))
    }
}

impl fmt::Display for RegistryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hive.short_name())?;
        if self.path.is_empty() {
            return Ok(());
        }
        write!(f, "\\{}", self.path)
    }
}

impl fmt::Debug for RegistryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

string_conversions!(RegistryKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_any_name_of_the_hive() {
        for (text, key) in [
            ("HKCU", "HKCU"),
            (
                r"hkey_current_user\Software\\Vendor\",
                r"HKCU\Software\Vendor",
            ),
            (r"HKLM\Software\a/b", r"HKLM\Software\a/b"),
            (r"HKCR\.7z", r"HKLM\Software\Classes\.7z"),
        ] {
            assert_eq!(RegistryKey::parse(text).unwrap().to_string(), key);
        }
        for (text, said) in [
            ("", "HKLM"),
            (r"HKU\S-1-5-18", "HKLM"),
            (r"Software\Vendor", "HKLM"),
            (r"HKLM\Software\wow6432node\Vendor", "view"),
            ("HKLM\\a\0", "control"),
            (&format!("HKLM\\{}", "a".repeat(256)), "255"),
            (&format!("HKLM{}", "\\a".repeat(513)), "512"),
        ] {
            let error = RegistryKey::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn keys_are_compared_without_case_and_by_name() {
        let key = |text| RegistryKey::parse(text).unwrap();
        let vendor = key(r"HKCU\Software\Vendor");
        assert_eq!(vendor, key(r"hkcu\SOFTWARE\vendor"));
        assert!(vendor.is_below(&key("HKCU")));
        assert!(vendor.is_below(&vendor));
        assert!(!vendor.is_below(&key(r"HKCU\Soft")));
        assert!(!vendor.is_below(&key(r"HKLM\Software")));
        assert_eq!(vendor.parent(), Some(key(r"HKCU\software")));
        assert_eq!(key("HKCU").parent(), None);
    }
}
