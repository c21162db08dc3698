//! A registry file of Wine (`system.reg`, `user.reg`, `userdef.reg`) as keys and values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::data::Data;
use super::text;

/// The first line of a registry file.
const FIRST_LINE: &str = "WINE REGISTRY Version 2";

/// The part of the registry that a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiveKind {
    /// `HKEY_LOCAL_MACHINE`.
    Machine,
    /// `HKEY_CURRENT_USER`.
    User,
    /// `HKEY_USERS\.Default`.
    DefaultUser,
}

impl HiveKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Machine, Self::User, Self::DefaultUser];

    /// The file's name in the prefix.
    pub fn file(self) -> &'static str {
        match self {
            Self::Machine => "system.reg",
            Self::User => "user.reg",
            Self::DefaultUser => "userdef.reg",
        }
    }

    /// The key that it is mounted at.
    pub fn root(self) -> &'static str {
        match self {
            Self::Machine => "HKEY_LOCAL_MACHINE",
            Self::User => "HKEY_CURRENT_USER",
            Self::DefaultUser => r"HKEY_USERS\.Default",
        }
    }
}

/// A file that is no registry of Wine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It begins otherwise.
    #[error("it does not begin with {FIRST_LINE:?}")]
    NoRegistry,
    /// A line can't be read.
    #[error("line {0} can't be read")]
    Line(usize),
}

/// A key with its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Key {
    /// Its path as it is written.
    pub(super) path: String,
    /// Lines about it: a class, that it is a link.
    pub(super) options: Vec<String>,
    /// Its values, by their folded names; the default one has no name.
    pub(super) values: BTreeMap<String, (String, Data)>,
}

/// The keys of a registry file. Names are compared without regard to case, as Windows does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hive {
    /// The lines between the first one and the first key.
    pub(super) preamble: Vec<String>,
    pub(super) keys: BTreeMap<String, Key>,
}

impl Hive {
    /// Reads a registry file.
    ///
    /// # Errors
    /// [`ReadError`] with the line that is odd.
    pub fn read(file: &str) -> Result<Self, ReadError> {
        let mut lines = file.lines().enumerate().peekable();
        if lines.next().map(|(_, line)| line.trim_end()) != Some(FIRST_LINE) {
            return Err(ReadError::NoRegistry);
        }
        let mut hive = Self::default();
        let mut current: Option<String> = None;
        while let Some((number, line)) = lines.next() {
            let odd = || ReadError::Line(number + 1);
            let line = line.trim_end_matches('\r');
            if let Some(rest) = line.strip_prefix('[') {
                let (path, _) = text::read(rest, ']').ok_or_else(odd)?;
                current = Some(hive.insert_key(&path));
                continue;
            }
            let Some(key) = current.as_ref().and_then(|key| hive.keys.get_mut(key)) else {
                if !line.is_empty() {
                    hive.preamble.push(line.to_owned());
                }
                continue;
            };
            if line.starts_with('#') {
                // When a key was last written is no part of what it says.
                if !line.starts_with("#time=") {
                    key.options.push(line.to_owned());
                }
            } else if line.starts_with('"') || line.starts_with('@') {
                let (name, data) = match line.strip_prefix('"') {
                    Some(rest) => {
                        let (name, rest) = text::read(rest, '"').ok_or_else(odd)?;
                        (name, rest.strip_prefix('=').ok_or_else(odd)?)
                    }
                    None => (String::new(), line.strip_prefix("@=").ok_or_else(odd)?),
                };
                let mut data = data.to_owned();
                while data.starts_with("hex") && data.ends_with('\\') {
                    data.pop();
                    let (_, next) = lines.next().ok_or_else(odd)?;
                    data.push_str(next.trim());
                }
                let value = (name.clone(), Data::written(&data));
                key.values.insert(fold(&name), value);
            } else if !line.is_empty() && !line.starts_with(';') {
                return Err(odd());
            }
        }
        Ok(hive)
    }

    /// Writes the registry file, without times, which Wine does not need.
    pub fn write(&self) -> String {
        let mut file = format!("{FIRST_LINE}\n");
        for line in &self.preamble {
            file.push_str(line);
            file.push('\n');
        }
        for key in self.keys.values() {
            file.push_str(&format!("\n[{}]\n", text::write(&key.path, &['[', ']'])));
            for option in &key.options {
                file.push_str(option);
                file.push('\n');
            }
            for (name, data) in key.values.values() {
                if name.is_empty() {
                    file.push_str(&format!("@={data}\n"));
                } else {
                    file.push_str(&format!("\"{}\"={data}\n", text::write(name, &['"'])));
                }
            }
        }
        file
    }

    /// The data of a value; the name of the default one is empty.
    pub fn value(&self, key: &str, name: &str) -> Option<&Data> {
        let key = self.keys.get(&fold(key))?;
        key.values.get(&fold(name)).map(|(_, data)| data)
    }

    /// Makes a key with all above it, and gives its folded path. Wine writes keys without values
    /// only where they have no keys below them either, so that all above one are there.
    pub(super) fn insert_key(&mut self, path: &str) -> String {
        let ends = path
            .match_indices('\\')
            .map(|(at, _)| at)
            .chain([path.len()]);
        for end in ends {
            let above = &path[..end];
            self.keys.entry(fold(above)).or_insert_with(|| Key {
                path: above.to_owned(),
                ..Key::default()
            });
        }
        fold(path)
    }
}

/// A name as it is compared.
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(
        "WINE REGISTRY Version 2\n;; All keys relative to \\\\Machine\n\n#arch=win64\n\n",
        "[Software\\\\A \\[x\\]] 1700000000\n#time=1da0000\n@=\"d\"\n\"P\\\"q\"=str(2):\"%A%\\\\b\"\n",
        "\"Bin\"=hex:00,01,\\\n  02\n\n[Software\\\\Link] 1\n#link\n\"SymbolicLinkValue\"=hex(6):5c,00\n",
    );

    #[test]
    fn a_file_is_read_and_comes_back() {
        let hive = Hive::read(FILE).unwrap();
        let data = |name: &str| hive.value(r"software\a [X]", name).unwrap();
        assert_eq!(data("").as_text().unwrap(), "d");
        assert_eq!(data("p\"Q").as_text().unwrap(), r"%A%\b");
        assert_eq!(data("bin").to_string(), "hex:00,01,02");
        assert!(hive.keys.contains_key("software"));
        assert_eq!(Hive::read(&hive.write()).unwrap(), hive);
    }

    #[test]
    fn what_is_odd_is_told_by_its_line() {
        assert_eq!(Hive::read(""), Err(ReadError::NoRegistry));
        for (rest, line) in [
            ("[a", 2),
            ("[a]\nb", 3),
            ("[a]\n\"b\"", 3),
            ("[a]\n@=hex:\\", 3),
        ] {
            let file = format!("{FIRST_LINE}\n{rest}");
            assert_eq!(Hive::read(&file), Err(ReadError::Line(line)), "{rest}");
        }
    }
}
