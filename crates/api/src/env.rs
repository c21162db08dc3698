//! Environment variables in requests.

use ctnr_model::EnvVar;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// Environment variables: a list of `"NAME=value"` as Docker has it, or an object
/// `{"NAME": "value"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Env(pub Vec<EnvVar>);

impl Env {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Env {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvVisitor;

        impl<'de> Visitor<'de> for EnvVisitor {
            type Value = Env;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of \"NAME=value\" or an object of names and values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Env, A::Error> {
                let mut env = Vec::new();
                while let Some(variable) = list.next_element()? {
                    env.push(variable);
                }
                Ok(Env(env))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Env, A::Error> {
                let mut env = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    env.push(EnvVar::new(&name, &value).map_err(A::Error::custom)?);
                }
                Ok(Env(env))
            }
        }

        deserializer.deserialize_any(EnvVisitor)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Env {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
        OneOfBuilder::new()
            .description(Some(
                "Environment variables: a list of \"NAME=value\", or an object of names and values.",
            ))
            .item(ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String)))
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Object)
                    .additional_properties(Some(ObjectBuilder::new().schema_type(Type::String))),
            )
            .examples([serde_json::json!(["NODE_ENV=production"])])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Env {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_and_objects() {
        let list: Env = serde_json::from_str(r#"["A=1","B=x=y"]"#).unwrap();
        let object: Env = serde_json::from_str(r#"{"A":"1","B":"x=y"}"#).unwrap();
        assert_eq!(list, object);
        assert_eq!(serde_json::to_string(&list).unwrap(), r#"["A=1","B=x=y"]"#);
        for bad in [r#"["A"]"#, r#"{"A=":"1"}"#, r#""A=1""#, "[1]"] {
            assert!(serde_json::from_str::<Env>(bad).is_err(), "{bad}");
        }
    }
}
