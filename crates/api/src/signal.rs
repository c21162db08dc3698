//! Signals in requests.

use ctnr_model::Invalid;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The names of Linux' signals 1 to 31 on x86-64 and AArch64 (signal(7)).
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// A signal: a number from 1 to 64, or a name with or without `SIG`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// Takes a signal's number.
    ///
    /// # Errors
    /// [`Invalid`] outside of 1 to 64.
    pub fn from_number(number: i64) -> Result<Self, Invalid> {
        match i32::try_from(number) {
            Ok(number @ 1..=64) => Ok(Self(number)),
            _ => Err(Self::invalid(&number.to_string())),
        }
    }

    /// Reads `SIGTERM`, `term` or `15`.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Ok(number) = text.parse::<i64>() {
            return Self::from_number(number);
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        NAMES
            .iter()
            .zip(1..)
            .find(|(known, _)| **known == name)
            .map(|(_, number)| Self(number))
            .ok_or_else(|| Self::invalid(text))
    }

    /// The number.
    pub fn number(self) -> i32 {
        self.0
    }

    fn invalid(text: &str) -> Invalid {
        Invalid::new(
            "signal",
            text,
            "expected a name like SIGTERM or a number from 1 to 64",
        )
    }
}

impl std::fmt::Display for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match usize::try_from(self.0 - 1)
            .ok()
            .and_then(|at| NAMES.get(at))
        {
            Some(name) => write!(f, "SIG{name}"),
            None => write!(f, "{}", self.0),
        }
    }
}

impl std::str::FromStr for Signal {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SignalVisitor;

        impl Visitor<'_> for SignalVisitor {
            type Value = Signal;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a signal's name like \"SIGTERM\" or its number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Signal, E> {
                Signal::parse(text).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Signal, E> {
                Signal::from_number(number).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Signal, E> {
                Signal::from_number(i64::try_from(number).unwrap_or(i64::MAX)).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(SignalVisitor)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Signal {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
        OneOfBuilder::new()
            .description(Some("A signal's name, or its number."))
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(NAMES.map(|name| format!("SIG{name}")))),
            )
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some(1))
                    .maximum(Some(64)),
            )
            .examples([serde_json::json!("SIGTERM")])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Signal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_numbers() {
        for (text, number) in [
            (r#""SIGTERM""#, 15),
            (r#""term""#, 15),
            ("9", 9),
            (r#""9""#, 9),
            (r#""SIGWINCH""#, 28),
            ("64", 64),
        ] {
            let signal: Signal = serde_json::from_str(text).unwrap();
            assert_eq!(signal.number(), number, "{text}");
        }
        for bad in ["0", "65", "-1", r#""SIGX""#, r#""""#, "1.5"] {
            assert!(serde_json::from_str::<Signal>(bad).is_err(), "{bad}");
        }
        assert_eq!(Signal::parse("kill").unwrap().to_string(), "SIGKILL");
    }
}
