//! Sizes in bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A number of bytes. Written as a number, or as text with a binary unit: `512m`, `2g`, `64KiB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteSize(u64);

impl ByteSize {
    /// `bytes` bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// `mib` × 1,048,576 bytes.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib * 1024 * 1024)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Reads `1024`, `64k`, `512m`, `2g`, `1t`, also with `b`, `ib`, upper case or a fraction
    /// (`1.5g`). Units are binary, as Docker's.
    ///
    /// # Errors
    /// [`Invalid`] for anything else, and for sizes past 2⁶³ bytes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "size",
                text,
                "expected a number of bytes, or a number with k, m, g or t",
            )
        };
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = &lower[digits.len()..];
        let shift = match unit.trim_end_matches('b').trim_end_matches('i') {
            "" if unit.is_empty() || unit == "b" => 0,
            "k" => 10,
            "m" => 20,
            "g" => 30,
            "t" => 40,
            _ => return Err(invalid()),
        };
        let digits = digits.trim_end();
        if let Ok(whole) = digits.parse::<u64>() {
            return whole
                .checked_mul(1 << shift)
                .filter(|bytes| *bytes <= i64::MAX as u64)
                .map(Self)
                .ok_or_else(invalid);
        }
        let number: f64 = digits.parse().map_err(|_| invalid())?;
        let bytes = number * (1u64 << shift) as f64;
        if !bytes.is_finite() || !(0.0..9.2e18).contains(&bytes) {
            return Err(invalid());
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range is checked above"
        )]
        #[expect(clippy::cast_sign_loss, reason = "the range is checked above")]
        Ok(Self(bytes as u64))
    }
}

impl std::str::FromStr for ByteSize {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl fmt::Display for ByteSize {
    /// As people read it: `1.5 GiB`, `512 MiB`, `17 B`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
            if self.0 >= 1 << shift {
                let tenths = self.0 / ((1 << shift) / 10);
                return if tenths.is_multiple_of(10) {
                    write!(f, "{} {unit}", tenths / 10)
                } else {
                    write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
                };
            }
        }
        write!(f, "{} B", self.0)
    }
}

impl fmt::Debug for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units() {
        for (text, bytes) in [
            ("0", 0),
            ("17b", 17),
            ("64k", 65_536),
            ("64KiB", 65_536),
            ("512m", 536_870_912),
            ("1.5g", 1_610_612_736),
            ("2 G", 2_147_483_648),
        ] {
            assert_eq!(ByteSize::parse(text).unwrap().bytes(), bytes, "{text}");
        }
        for text in ["", "m", "-1", "1x", "1e30g", "99999999t", "NaN", "i", "ib"] {
            assert!(ByteSize::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shows_units() {
        assert_eq!(ByteSize::from_mib(512).to_string(), "512 MiB");
        assert_eq!(ByteSize::from_bytes(1_610_612_736).to_string(), "1.5 GiB");
        assert_eq!(ByteSize::from_bytes(17).to_string(), "17 B");
    }
}
