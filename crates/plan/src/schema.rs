//! JSON schemas (draft 2020-12) of the documents.

use ctnr_model::container::Manifest;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::MountPlan;

/// The schema of `container.toml`, as JSON text that ends in a new line. Unknown keys are refused.
pub fn manifest() -> String {
    text::<Manifest>("container.toml", true)
}

/// The schema of a mount plan, as JSON text that ends in a new line.
pub fn mount_plan() -> String {
    text::<MountPlan>("MountPlan", false)
}

fn text<T: ToSchema>(title: &str, is_closed: bool) -> String {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let value = |schema| {
        let mut value = serde_json::to_value(schema).unwrap_or_default();
        settle(&mut value, is_closed);
        value
    };
    let defs: Map<String, Value> = parts
        .into_iter()
        .map(|(name, schema)| (name, value(schema)))
        .collect();
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$defs": defs,
    });
    if let (Value::Object(document), Value::Object(root)) = (&mut document, value(T::schema())) {
        document.extend(root);
    }
    format!("{document:#}\n")
}

/// Points references at this document instead of an OpenAPI one, and closes objects.
fn settle(value: &mut Value, is_closed: bool) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                *reference = reference.replace("#/components/schemas/", "#/$defs/");
            }
            if is_closed && object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            object
                .values_mut()
                .for_each(|value| settle(value, is_closed));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| settle(value, is_closed)),
        _ => {}
    }
}
