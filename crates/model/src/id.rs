//! Ids of everything, and names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::access::KeyId;
use crate::digest::to_hex;
use crate::invalid::string_conversions;

/// The number of hexadecimal digits of an id.
const ID_LEN: usize = 64;

fn is_lower_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $type:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Reads an id of 64 lower-case hexadecimal digits.
            ///
            /// # Errors
            /// [`Invalid`] for anything else.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                if text.len() == ID_LEN && is_lower_hex(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Invalid::new($kind, text, "expected 64 lower-case hexadecimal digits"))
                }
            }

            /// Makes an id from 32 random bytes, which the caller draws.
            pub fn from_random(bytes: [u8; 32]) -> Self {
                Self(to_hex(&bytes))
            }

            /// All 64 digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The first twelve digits, as lists show them.
            pub fn short(&self) -> &str {
                &self.0[..12]
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.short())
            }
        }

        string_conversions!($type);
    };
}

hex_id!(
    /// The id of a sandbox: 64 lower-case hexadecimal digits, as Docker's.
    SandboxId,
    "sandbox id"
);
hex_id!(
    /// The id of a command that runs, or ran, in a sandbox: 64 lower-case hexadecimal digits.
    ExecId,
    "exec id"
);
hex_id!(
    /// The id of a Win32 container: 64 lower-case hexadecimal digits.
    ContainerId,
    "container id"
);
hex_id!(
    /// The id of a job: 64 lower-case hexadecimal digits.
    JobId,
    "job id"
);
hex_id!(
    /// The id of a layer of files that lies over an image's layers: 64 lower-case hexadecimal
    /// digits.
    LayerId,
    "layer id"
);

macro_rules! name_and_query {
    ($thing:literal, $name:ident, $query:ident, $id:ident) => {
        #[doc = concat!("A ", $thing, "'s name: as Docker's, a letter or digit, then letters, digits, `_`, `.` and `-`.")]
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest name, in bytes.
            pub const MAX_LEN: usize = 128;

            /// Reads a name. A leading `/`, as Docker shows names, is dropped.
            ///
            /// # Errors
            /// [`Invalid`] unless the text matches `[a-zA-Z0-9][a-zA-Z0-9_.-]+` and is short
            /// enough.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let name = text.strip_prefix('/').unwrap_or(text);
                if is_name(name) && name.len() <= Self::MAX_LEN {
                    Ok(Self(name.to_owned()))
                } else {
                    Err(Invalid::new(
                        concat!($thing, " name"),
                        text,
                        "expected 2 to 128 letters, digits, '_', '.' or '-', beginning with a letter or digit",
                    ))
                }
            }

            /// The name, without Docker's leading slash.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        string_conversions!($name);

        #[doc = concat!("What a caller writes where a ", $thing, " is meant: an id, a unique prefix of one, or a name.")]
        ///
        /// A full name wins over a prefix of an id; a full id over everything.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $query(String);

        impl $query {
            /// Reads a query; a leading `/` is dropped.
            ///
            /// # Errors
            /// [`Invalid`] if the text can be neither a name nor a prefix of an id.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let text = text.strip_prefix('/').unwrap_or(text);
                let is_prefix = !text.is_empty() && text.len() <= ID_LEN && is_lower_hex(text);
                if is_prefix || $name::parse(text).is_ok() {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Invalid::new(
                        concat!($thing, " id or name"),
                        text,
                        "expected an id, the start of one, or a name",
                    ))
                }
            }

            /// The text without its leading slash.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text as an id, where it is a whole one.
            pub fn as_id(&self) -> Option<$id> {
                $id::parse(&self.0).ok()
            }

            /// The text as a prefix of an id, where it can be one.
            pub fn as_id_prefix(&self) -> Option<&str> {
                is_lower_hex(&self.0).then_some(self.0.as_str())
            }
        }
    };
}

name_and_query!("sandbox", SandboxName, SandboxQuery, SandboxId);
name_and_query!("container", ContainerName, ContainerQuery, ContainerId);
name_and_query!("key", KeyName, KeyQuery, KeyId);

/// Whether a text is made as Docker's names are: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric())
        && bytes.len() > 0
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_dockers_rule() {
        for good in ["my-nextjs", "/my-nextjs", "a1", "0.b_c"] {
            assert!(SandboxName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "-ab",
            "../x",
            "a b",
            "a/b",
            "ñandu",
            &"a".repeat(129),
        ] {
            assert!(SandboxName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn queries_take_ids_prefixes_and_names() {
        assert_eq!(
            SandboxQuery::parse("a3f8").unwrap().as_id_prefix(),
            Some("a3f8")
        );
        assert_eq!(
            SandboxQuery::parse("/my-nextjs").unwrap().as_str(),
            "my-nextjs"
        );
        assert!(
            SandboxQuery::parse(&"a".repeat(64))
                .unwrap()
                .as_id()
                .is_some()
        );
        for bad in ["", "../etc", "..", "a%2f"] {
            assert!(SandboxQuery::parse(bad).is_err(), "{bad}");
        }
    }
}
