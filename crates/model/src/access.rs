//! API keys: their ids, and what one lets its holder do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::digest::to_hex;
use crate::invalid::string_conversions;

/// The id of an API key: 16 lower-case hexadecimal digits. It is no secret.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// The number of its digits.
    pub const LEN: usize = 16;

    /// Reads an id.
    ///
    /// # Errors
    /// [`Invalid`] for anything but 16 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_id = text.len() == Self::LEN
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_id {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "key id",
                text,
                "expected 16 lower-case hexadecimal digits",
            ))
        }
    }

    /// Makes an id from 8 random bytes, which the caller draws.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(to_hex(&bytes))
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

string_conversions!(KeyId);

/// A part of the platform that scopes are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// Sandboxes, with their commands, files and ports.
    Sandboxes,
    /// Win32 containers, with their programs, files, snapshots, layers and runtimes.
    Containers,
    /// Images of sandboxes.
    Images,
    /// Jobs.
    Jobs,
    /// Hosts, their engines and the metrics.
    Hosts,
}

impl Area {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sandboxes,
        Self::Containers,
        Self::Images,
        Self::Jobs,
        Self::Hosts,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Sandboxes => "sandboxes",
            Self::Containers => "containers",
            Self::Images => "images",
            Self::Jobs => "jobs",
            Self::Hosts => "hosts",
        }
    }
}

/// Something that a key lets its holder do: `sandboxes:read`, `jobs:write`, `admin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Looking at what an area has. It changes nothing, and reaches into no sandbox or container.
    Read(Area),
    /// Changing what an area has, running programs in it and reading their files. It includes
    /// [`Scope::Read`] of the area.
    Write(Area),
    /// Everything, API keys included.
    Admin,
}

impl Scope {
    /// All of them, as help texts list them.
    pub fn all() -> impl Iterator<Item = Self> {
        Area::ALL
            .into_iter()
            .flat_map(|area| [Self::Read(area), Self::Write(area)])
            .chain([Self::Admin])
    }

    /// Reads `AREA:read`, `AREA:write` or `admin`.
    ///
    /// # Errors
    /// [`Invalid`] for anything else; the message lists the scopes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::all()
            .find(|scope| scope.to_string() == text)
            .ok_or_else(|| {
                let all: Vec<String> = Self::all().map(|scope| scope.to_string()).collect();
                Invalid::new("scope", text, format!("expected one of {}", all.join(", ")))
            })
    }

    /// Whether it lets its holder do what `wanted` stands for.
    fn includes(self, wanted: Self) -> bool {
        match (self, wanted) {
            (Self::Admin, _) => true,
            (Self::Write(own), Self::Read(area)) => own == area,
            _ => self == wanted,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(area) => write!(f, "{}:read", area.as_str()),
            Self::Write(area) => write!(f, "{}:write", area.as_str()),
            Self::Admin => f.write_str("admin"),
        }
    }
}

string_conversions!(Scope);

/// What a key lets its holder do. There is at least one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Takes scopes; one that is named twice counts once.
    ///
    /// # Errors
    /// [`Invalid`] where there are none: a key for nothing is a mistake.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, Invalid> {
        let scopes: BTreeSet<Scope> = scopes.into_iter().collect();
        if scopes.is_empty() {
            return Err(Invalid::new("list of scopes", "", "expected at least one"));
        }
        Ok(Self(scopes))
    }

    /// Reads scopes with a space between each two, as [`Scopes`] are displayed.
    ///
    /// # Errors
    /// [`Invalid`] as of [`Scope::parse`] and [`Scopes::new`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let scopes: Result<Vec<Scope>, Invalid> =
            text.split_whitespace().map(Scope::parse).collect();
        Self::new(scopes?)
    }

    /// Whether they let their holder do what `wanted` stands for.
    pub fn allow(&self, wanted: Scope) -> bool {
        self.0.iter().any(|own| own.includes(wanted))
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{scope}")?;
        }
        Ok(())
    }
}

impl TryFrom<Vec<Scope>> for Scopes {
    type Error = Invalid;

    fn try_from(scopes: Vec<Scope>) -> Result<Self, Invalid> {
        Self::new(scopes)
    }
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_as_they_are_read() {
        for scope in Scope::all() {
            assert_eq!(Scope::parse(&scope.to_string()), Ok(scope));
        }
        assert_eq!(Scope::all().count(), 11);
        for bad in [
            "",
            "read",
            "sandboxes",
            "sandboxes:",
            "sandboxes:all",
            "Sandboxes:read",
            "sandboxes:read ",
            "admin:write",
            "*",
        ] {
            let error = Scope::parse(bad).unwrap_err().to_string();
            assert!(error.contains("sandboxes:read"), "{error}");
        }
    }

    #[test]
    fn writing_includes_reading_of_the_same_area_and_admin_everything() {
        let scopes = Scopes::parse("images:read sandboxes:write").unwrap();
        let allowed: Vec<Scope> = Scope::all().filter(|scope| scopes.allow(*scope)).collect();
        let expected = [
            Scope::Read(Area::Sandboxes),
            Scope::Write(Area::Sandboxes),
            Scope::Read(Area::Images),
        ];
        assert_eq!(allowed, expected);
        let admin = Scopes::parse("admin").unwrap();
        assert!(Scope::all().all(|scope| admin.allow(scope)));
    }

    #[test]
    fn there_is_at_least_one_scope() {
        assert!(Scopes::parse("").is_err());
        assert!(serde_json::from_str::<Scopes>("[]").is_err());
        let twice = Scopes::parse("admin  admin").unwrap();
        assert_eq!(twice.to_string(), "admin");
    }

    #[test]
    fn ids_have_sixteen_digits() {
        let id = KeyId::from_random([0x0a; 8]);
        assert_eq!(id.as_str(), "0a0a0a0a0a0a0a0a");
        assert_eq!(KeyId::parse(id.as_str()), Ok(id));
        for bad in ["", "0a", "0A0a0a0a0a0a0a0a", "0a0a0a0a0a0a0a0a0"] {
            assert!(KeyId::parse(bad).is_err(), "{bad}");
        }
    }
}
