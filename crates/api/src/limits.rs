//! Limits in requests.

use ctnr_model::{ByteSize, Cpus, Invalid, Limits, PidLimit};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

/// Limits on a sandbox's use of the host. What is left out has the default; 0 means no limit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LimitsRequest {
    /// Memory: bytes, or text with a binary unit (`"512m"`, `"2g"`). At least 6 MiB; the default
    /// is 2 GiB.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "size"
    )]
    #[cfg_attr(feature = "openapi", schema(schema_with = size_schema))]
    pub memory: Option<ByteSize>,
    /// Processors, 0.01 to 10000, fractions included. The default is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(example = 1.5, minimum = 0, maximum = 10000)
    )]
    pub cpus: Option<f64>,
    /// Processes and threads alive at once. The default is 4096.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = 512))]
    pub pids: Option<u32>,
}

impl LimitsRequest {
    /// The limits that are meant.
    ///
    /// # Errors
    /// [`Invalid`] for a limit that is out of range.
    pub fn resolve(&self) -> Result<Limits, Invalid> {
        let default = Limits::default();
        let memory = match self.memory {
            None => default.memory,
            Some(size) if size.bytes() == 0 => None,
            Some(size) if size < Limits::MIN_MEMORY => {
                return Err(Invalid::new(
                    "limits.memory",
                    &size.to_string(),
                    "expected at least 6 MiB, or 0 for no limit",
                ));
            }
            Some(size) => Some(size),
        };
        let cpus = match self.cpus {
            None => default.cpus,
            Some(0.0) => None,
            Some(cores) => Some(Cpus::from_cores(cores)?),
        };
        let pids = match self.pids {
            None => default.pids,
            Some(0) => None,
            Some(count) => Some(PidLimit::new(count)?),
        };
        Ok(Limits { memory, cpus, pids })
    }
}

/// Reads a size given as a number of bytes or as text.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ByteSize>, D::Error> {
    struct SizeVisitor;

    impl<'de> Visitor<'de> for SizeVisitor {
        type Value = Option<ByteSize>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a number of bytes, or text like \"512m\" or \"2g\"")
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
            inner.deserialize_any(self)
        }

        fn visit_u64<E: Error>(self, bytes: u64) -> Result<Self::Value, E> {
            self.visit_str(&bytes.to_string())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            ByteSize::parse(text).map(Some).map_err(E::custom)
        }
    }

    deserializer.deserialize_any(SizeVisitor)
}

#[cfg(feature = "openapi")]
fn size_schema() -> utoipa::openapi::schema::Schema {
    use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
    Schema::OneOf(
        OneOfBuilder::new()
            .description(Some(
                "Memory: bytes, or text with a binary unit. At least 6 MiB; the default is 2 GiB; 0 means no limit.",
            ))
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some(0)),
            )
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some(r"^[0-9]+(\.[0-9]+)? ?([kKmMgGtT]([iI]?[bB])?|[bB])?$")),
            )
            .examples([serde_json::json!("512m")])
            .build(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_or_text() {
        for (text, bytes) in [
            (r#"{"memory":67108864}"#, 67_108_864),
            (r#"{"memory":"64m"}"#, 67_108_864),
        ] {
            let limits: LimitsRequest = serde_json::from_str(text).unwrap();
            assert_eq!(limits.resolve().unwrap().memory.unwrap().bytes(), bytes);
        }
        for bad in [r#"{"memory":-1}"#, r#"{"memory":"x"}"#, r#"{"ram":1}"#] {
            assert!(serde_json::from_str::<LimitsRequest>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_the_default_and_zero_is_no_limit() {
        let nothing: LimitsRequest = serde_json::from_str(r#"{"memory":null}"#).unwrap();
        assert_eq!(nothing.resolve().unwrap(), Limits::default());
        let zero: LimitsRequest =
            serde_json::from_str(r#"{"memory":0,"cpus":0,"pids":0}"#).unwrap();
        let none = Limits {
            memory: None,
            cpus: None,
            pids: None,
        };
        assert_eq!(zero.resolve().unwrap(), none);
        let small: LimitsRequest = serde_json::from_str(r#"{"memory":1024}"#).unwrap();
        assert!(small.resolve().is_err());
    }
}
