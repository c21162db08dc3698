//! Keys to the API.

use std::fmt;
use std::num::NonZeroU32;

use ctnr_model::{KeyId, KeyName, Scopes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The body of `POST /api/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(
    example = json!({"name": "ci", "scopes": ["sandboxes:write", "images:read"], "rate": 50})
))]
pub struct CreateKey {
    /// Its name, which no other key may have.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: KeyName,
    /// What it lets its holder do: `sandboxes:read`, `sandboxes:write`, the same of `containers`,
    /// `images`, `jobs` and `hosts`, or `admin`. Writing includes reading, `admin` everything.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, min_items = 1))]
    pub scopes: Scopes,
    /// From when on it is refused; without it, it lasts until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// Requests a second, of each backend; without it, as many as `CONTAINERS_RATE_LIMIT` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1))]
    pub rate: Option<NonZeroU32>,
    /// Requests at once; without it, as many as a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1))]
    pub burst: Option<NonZeroU32>,
}

/// A key, without its secret, which is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Key {
    /// Its id, which is a part of the key and no secret.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: KeyId,
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: KeyName,
    /// Whether it is good.
    pub state: KeyState,
    /// What it lets its holder do.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub scopes: Scopes,
    /// Requests a second, of each backend, where it has a number of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub rate: Option<NonZeroU32>,
    /// Requests at once, where it has a number of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub burst: Option<NonZeroU32>,
    /// Who made it: `local`, `root` or another key.
    pub created_by: String,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// From when on it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// About when it was last used; to the minute where it was another backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_used_at: Option<Timestamp>,
}

/// Whether a key is good. One that is revoked is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyState {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
}

impl KeyState {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
        }
    }
}

/// The answer of `GET /api/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyList {
    /// The keys, by name.
    pub keys: Vec<Key>,
}

/// The answer of `POST /api/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyCreated {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// What its holder sends in `X-API-Key`. It is shown this once.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub secret: KeySecret,
}

/// The text of a key. Formatting it for debugging does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeySecret(String);

impl KeySecret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_and_not_shown() {
        let secret = KeySecret::new("ctnr_swordfish");
        assert_eq!(
            serde_json::to_string(&secret).unwrap(),
            "\"ctnr_swordfish\""
        );
        assert!(!format!("{secret:?}").contains("swordfish"));
    }

    #[test]
    fn a_key_that_cannot_be_is_not_read() {
        for body in [
            r#"{"name":"ci"}"#,
            r#"{"name":"ci","scopes":[]}"#,
            r#"{"name":"ci","scopes":["sandboxes"]}"#,
            r#"{"name":"c i","scopes":["admin"]}"#,
            r#"{"name":"ci","scopes":["admin"],"rate":0}"#,
            r#"{"name":"ci","scopes":["admin"],"secret":"mine"}"#,
            r#"{"name":"ci","scopes":["admin"],"expires_at":"tomorrow"}"#,
        ] {
            assert!(serde_json::from_str::<CreateKey>(body).is_err(), "{body}");
        }
    }
}
