//! Keys as callers send them, and what is kept of them.
//!
//! ```text
//!  ctnr_0123456789abcdef_89abcdef… (64 digits)
//!       └── id ────────┘ └── secret: 256 bits from the system's generator
//! ```
//!
//! What is kept is the SHA-256 of the whole text. A slow hash (argon2, bcrypt) is for secrets that
//! people choose, where trying the likely ones is cheaper than trying all; a secret of 256 random
//! bits has no likely ones, so that a slow hash would only make every request slow, and strangers
//! able to make the server work.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ctnr_model::{Invalid, KeyId};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every key begins with, by which scanners for leaked secrets find it.
const PREFIX: &str = "ctnr_";
/// The digits of the secret.
const SECRET_LEN: usize = 64;
/// The characters of a whole key.
const LEN: usize = PREFIX.len() + KeyId::LEN + 1 + SECRET_LEN;

/// A key that has just been drawn. It is shown once, to who made it, and kept nowhere.
pub struct Secret(String);

impl Secret {
    /// Draws the secret of a key.
    pub(crate) fn draw(id: &KeyId) -> Self {
        let [high, low] = rand::random::<[u128; 2]>();
        Self(format!("{PREFIX}{id}_{high:032x}{low:032x}"))
    }

    /// The key's text.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a key. It has no `==`, so that two are compared in constant time or not at all.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Reads what [`SecretHash::to_text`] wrote.
    ///
    /// # Errors
    /// [`Invalid`] for anything else; the message does not repeat it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| Invalid::new("hash of a key", "…", "expected base64 of 32 bytes"))
    }

    /// As it is stored.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The bytes, to derive other secrets from.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether both are of the same key, in a time that does not depend on where they differ.
    fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// What a caller sent, where it can be a key that was made here.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) id: KeyId,
    hash: SecretHash,
}

impl Sent {
    /// Reads a key; `None` for what can't be one, however long it is.
    pub(super) fn parse(sent: &[u8]) -> Option<Self> {
        if sent.len() != LEN {
            return None;
        }
        let text = std::str::from_utf8(sent).ok()?;
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_secret = secret
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        Some(Self {
            id: KeyId::parse(id).ok().filter(|_| is_secret)?,
            hash: SecretHash::of(sent),
        })
    }

    /// Whether it is the key of which this is kept. The hashes are compared in constant time; even
    /// were they not, who sends a key can't choose its hash.
    pub(super) fn is(&self, kept: &SecretHash) -> bool {
        self.hash.is(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> KeyId {
        KeyId::parse(&digit.to_string().repeat(KeyId::LEN)).unwrap()
    }

    #[test]
    fn a_key_is_known_by_its_hash_alone() {
        let secret = Secret::draw(&id('a'));
        let sent = Sent::parse(secret.reveal().as_bytes()).unwrap();
        assert_eq!(sent.id, id('a'));
        let kept = SecretHash::parse(&secret.hash().to_text()).unwrap();
        assert!(sent.is(&kept));
        assert!(!sent.is(&Secret::draw(&id('a')).hash()));
        // The id is part of what is hashed: it can't be exchanged for another's.
        let exchanged = secret
            .reveal()
            .replacen(id('a').as_str(), id('b').as_str(), 1);
        assert!(!Sent::parse(exchanged.as_bytes()).unwrap().is(&kept));
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        let key = Secret::draw(&id('a')).reveal().to_owned();
        let longer = format!("{key}0");
        let upper = key.to_uppercase();
        let with_nul = key.replacen('_', "\0", 1);
        let end_nul = format!("{}\0", &key[..LEN - 1]);
        let huge = "a".repeat(1 << 20);
        for bad in [
            "",
            "ctnr_",
            &key[..LEN - 1],
            &longer,
            &upper,
            &with_nul,
            &end_nul,
            &huge,
        ] {
            assert!(Sent::parse(bad.as_bytes()).is_none(), "{} bytes", bad.len());
        }
        assert!(Sent::parse(&[0xff; LEN]).is_none());
    }

    #[test]
    fn nothing_shows_a_secret() {
        let secret = Secret::draw(&id('a'));
        let sent = Sent::parse(secret.reveal().as_bytes()).unwrap();
        let shown = format!("{secret:?} {:?} {sent:?}", secret.hash());
        let digits = &secret.reveal()[LEN - SECRET_LEN..];
        assert!(!shown.contains(digits) && !shown.contains(&secret.hash().to_text()));
    }
}
