//! Texts with tokens: values of environment variables, and arguments.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::known_folder::KnownFolder;
use crate::Invalid;
use crate::invalid::string_conversions;

/// A text in which `%Documents%` stands for a known folder, `%NAME%` for an environment variable
/// and `%%` for a percent sign.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TextTemplate {
    text: String,
    parts: Vec<TextPart>,
}

/// A part of a text with tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPart {
    /// As it stands.
    Literal(String),
    /// The path of a known folder.
    Folder(KnownFolder),
    /// The value of an environment variable of this name.
    Variable(String),
}

impl TextTemplate {
    /// The longest text, written or expanded, in units of UTF-16 (Win32:
    /// `SetEnvironmentVariable`).
    pub const MAX_LEN: usize = 32_767;

    /// Reads a text.
    ///
    /// # Errors
    /// [`Invalid`] for a `%` without its second one, an odd name between them, a NUL, and texts
    /// that are too long.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |expected: &str| Err(Invalid::new("text", text, expected));
        if text.len() > Self::MAX_LEN {
            return invalid("expected at most 32767 bytes");
        }
        if text.contains('\0') {
            return invalid("expected no NUL");
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            literal.push_str(before);
            let Some((name, after)) = after.split_once('%') else {
                return invalid("a % has no second one; write %% for a percent sign");
            };
            rest = after;
            if name.is_empty() {
                literal.push('%');
                continue;
            }
            if !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_()-.".contains(&byte))
            {
                return invalid("expected a name between two %; write %% for a percent sign");
            }
            if !literal.is_empty() {
                parts.push(TextPart::Literal(std::mem::take(&mut literal)));
            }
            parts.push(match KnownFolder::from_name(name) {
                Some(folder) => TextPart::Folder(folder),
                None => TextPart::Variable(name.to_owned()),
            });
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(TextPart::Literal(literal));
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// The text as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its parts in order.
    pub fn parts(&self) -> &[TextPart] {
        &self.parts
    }

    /// The names of the environment variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TextPart::Variable(name) => Some(name.as_str()),
            TextPart::Literal(_) | TextPart::Folder(_) => None,
        })
    }
}

impl fmt::Display for TextTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for TextTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

string_conversions!(TextTemplate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found() {
        use TextPart::{Folder, Literal, Variable};
        let literal = |text: &str| Literal(text.to_owned());
        for (text, parts) in [
            ("", vec![]),
            ("plain", vec![literal("plain")]),
            ("100%%", vec![literal("100%")]),
            (
                r"%programfiles%\a;%PATH%",
                vec![
                    Folder(KnownFolder::ProgramFiles),
                    literal(r"\a;"),
                    Variable("PATH".to_owned()),
                ],
            ),
            (
                "%A%%B%",
                vec![Variable("A".to_owned()), Variable("B".to_owned())],
            ),
        ] {
            assert_eq!(TextTemplate::parse(text).unwrap().parts(), parts, "{text}");
        }
        for text in ["100%", "%a b%", "a%%%", "\0"] {
            assert!(TextTemplate::parse(text).is_err(), "{text}");
        }
    }
}
