//! What a sandbox calls itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::invalid::string_conversions;

/// The host name of a sandbox: one label of DNS (RFC 1123), lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl HostName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Invalid`] for anything but 1 to 63 lower-case letters, digits and `-` within.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_label = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if is_label
            && (1..=63).contains(&text.len())
            && !text.starts_with('-')
            && !text.ends_with('-')
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "host name",
                text,
                "expected 1 to 63 lower-case letters, digits or '-', with no '-' at an end",
            ))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

string_conversions!(HostName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_labels() {
        assert_eq!(
            HostName::parse("container-1").unwrap().as_str(),
            "container-1"
        );
        for bad in ["", "-a", "a-", "a.b", "A", "a b", &"a".repeat(64)] {
            assert!(HostName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
