//! The one error of this crate: a text that is not a valid value.

/// A text could not be read as the value it should be.
///
/// The message names the kind of value, the text, and what a valid one looks like, so that it can
/// be shown to a user as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {kind} {value:?}: {expected}")]
pub struct Invalid {
    kind: &'static str,
    value: String,
    expected: String,
}

impl Invalid {
    /// The longest part of an offending text that is repeated in a message, in characters.
    const SHOWN: usize = 80;

    /// Describes `value` as not being a `kind`; `expected` says what would have been one.
    pub fn new(kind: &'static str, value: &str, expected: impl Into<String>) -> Self {
        let value = if value.chars().count() > Self::SHOWN {
            value.chars().take(Self::SHOWN).chain(['…']).collect()
        } else {
            value.to_owned()
        };
        Self {
            kind,
            value,
            expected: expected.into(),
        }
    }
}

/// Implements the string conversions of a type that has `fn parse(&str) -> Result<Self, Invalid>`
/// and `Display`: `FromStr`, `TryFrom<String>`, `From<T> for String`.
macro_rules! string_conversions {
    ($type:ty) => {
        impl std::str::FromStr for $type {
            type Err = $crate::Invalid;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
        impl TryFrom<String> for $type {
            type Error = $crate::Invalid;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
    };
}
pub(crate) use string_conversions;
