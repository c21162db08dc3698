//! The root key, which the settings name.

use ctnr_model::Invalid;
use subtle::ConstantTimeEq;

/// The key of the settings, whose holder may do everything.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key that can stand in a header.
    ///
    /// # Errors
    /// [`Invalid`] for an empty one, or one with spaces or characters outside of ASCII. The
    /// message does not repeat it.
    pub fn new(key: &str) -> Result<Self, Invalid> {
        if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(key.to_owned()))
        } else {
            Err(Invalid::new(
                "API key",
                "…",
                "expected letters, digits and signs of ASCII, without spaces",
            ))
        }
    }

    /// Whether the sent key is this one, in a time that does not depend on where they differ.
    pub(super) fn is(&self, sent: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(sent).into()
    }

    /// The bytes, to derive other secrets from.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_whole_keys() {
        let key = ApiKey::new("s3cret").unwrap();
        assert!(key.is(b"s3cret"));
        for wrong in ["", "s", "s3cre", "s3cret ", "S3cret"] {
            assert!(!key.is(wrong.as_bytes()), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
        for bad in ["", "a b", "ñ", "a\n"] {
            assert!(ApiKey::new(bad).is_err(), "{bad:?}");
        }
    }
}
