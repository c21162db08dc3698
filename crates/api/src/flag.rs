//! Yes-or-no query parameters.

use serde::de::{Deserializer, Error, Visitor};

/// Reads `true`, `1` or nothing as yes, `false` or `0` as no, as Docker's API does.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct FlagVisitor;

    impl Visitor<'_> for FlagVisitor {
        type Value = bool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("true, false, 1 or 0")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
            match text {
                "" | "1" | "true" => Ok(true),
                "0" | "false" => Ok(false),
                text => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
            }
        }
    }

    deserializer.deserialize_any(FlagVisitor)
}

/// The value of a flag that is set where nothing is said.
pub(crate) fn yes() -> bool {
    true
}

/// Whether a flag is not set, and need not be written.
pub(crate) fn is_no(flag: &bool) -> bool {
    !flag
}
