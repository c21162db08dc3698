//! The schemas say what is read and written.

use std::collections::BTreeSet;

use ctnr_model::container::{
    Bitness, EntryKind, HostAccess, Isolation, Manifest, NetworkPolicy, RegistryView,
};
use ctnr_plan::schema;
use serde_json::Value;

const FULL: &str = include_str!("../../model/tests/manifests/full.toml");

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("a schema is JSON")
}

/// What a schema means, where it is only a reference.
fn follow<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str().or_else(|| {
        let choices = schema["oneOf"]
            .as_array()
            .or_else(|| schema["allOf"].as_array())?;
        choices.iter().find_map(|choice| choice["$ref"].as_str())
    });
    match reference.and_then(|reference| reference.strip_prefix("#/$defs/")) {
        Some(name) => follow(root, &root["$defs"][name]),
        None => schema,
    }
}

/// The names of the properties of the table at a path.
fn properties(root: &Value, path: &[&str]) -> BTreeSet<String> {
    let mut at = root;
    for name in path {
        let property = follow(root, &at["properties"][name]);
        at = match property.get("items") {
            Some(items) => follow(root, items),
            None => property,
        };
    }
    let properties = at["properties"]
        .as_object()
        .unwrap_or_else(|| panic!("{path:?}: {at}"));
    assert_eq!(at["additionalProperties"], false, "{path:?}");
    properties.keys().cloned().collect()
}

#[test]
fn the_manifests_schema_has_the_keys_that_are_read() {
    let root = parsed(&schema::manifest());
    for (path, table) in [
        (&[][..], ""),
        (&["layer"], "[[layer]]"),
        (&["entry"], "[[entry]]"),
        (&["file_type"], "[[file_type]]"),
        (&["isolation"], "[isolation]"),
        (&["isolation", "path"], "[[isolation.path]]"),
        (&["isolation", "key"], "[[isolation.key]]"),
        (&["host"], "[[host]]"),
        (&["network"], "[network]"),
        (&["limits"], "[limits]"),
    ] {
        let text = format!("schema = 1\n{table}\nzzz = 1\n");
        let error = Manifest::parse(&text)
            .expect_err("zzz is unknown")
            .to_string();
        let (_, known) = error
            .split_once("unknown key; expected ")
            .expect("it lists the keys");
        let known = known
            .lines()
            .next()
            .unwrap_or_default()
            .replace(" or ", ", ");
        let known: BTreeSet<String> = known.split(", ").map(str::to_owned).collect();
        assert_eq!(properties(&root, path), known, "{table}");
    }
}

#[test]
fn enumerations_have_the_words_that_are_read() {
    let root = parsed(&schema::manifest());
    let words = |name: &str| root["$defs"][name]["enum"].clone();
    fn all<T: Copy>(values: &[T], word: fn(T) -> &'static str) -> Value {
        values.iter().map(|value| word(*value)).collect()
    }
    assert_eq!(words("Bitness"), all(Bitness::ALL, Bitness::as_str));
    assert_eq!(words("EntryKind"), all(EntryKind::ALL, EntryKind::as_str));
    assert_eq!(
        words("HostAccess"),
        all(HostAccess::ALL, HostAccess::as_str)
    );
    assert_eq!(words("Isolation"), all(Isolation::ALL, Isolation::as_str));
    assert_eq!(
        words("NetworkPolicy"),
        all(NetworkPolicy::ALL, NetworkPolicy::as_str)
    );
    assert_eq!(
        words("RegistryView"),
        all(RegistryView::ALL, RegistryView::as_str)
    );
}

#[test]
fn the_manifests_schema_requires_what_is_required() {
    let root = parsed(&schema::manifest());
    let required = |schema: &Value| -> BTreeSet<String> {
        let names = schema["required"].as_array().into_iter().flatten();
        names
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        required(&root),
        names(&["schema", "name", "version", "bitness", "runtime"])
    );
    assert_eq!(
        required(&root["$defs"]["Entry"]),
        names(&["name", "program"])
    );
    assert_eq!(required(&root["$defs"]["Layer"]), names(&["name"]));
    assert_eq!(required(&root["$defs"]["KeyRule"]), names(&["key", "mode"]));
    assert_eq!(
        required(&root["$defs"]["HostFolder"]),
        names(&["source", "path", "access"])
    );
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(root: &Value, value: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                    let name = reference.strip_prefix("#/$defs/").expect(reference);
                    assert!(root["$defs"].get(name).is_some(), "{reference}");
                }
                object.values().for_each(|value| check(root, value));
            }
            Value::Array(values) => values.iter().for_each(|value| check(root, value)),
            _ => {}
        }
    }
    for text in [schema::manifest(), schema::mount_plan()] {
        let root = parsed(&text);
        check(&root, &root);
        assert!(text.ends_with("}\n"));
    }
}

#[test]
fn the_full_manifest_uses_every_key() {
    let manifest = Manifest::parse(FULL).expect("a manifest");
    let value = serde_json::to_value(&manifest).expect("a manifest is JSON");
    let root = parsed(&schema::manifest());
    let used: BTreeSet<String> = value
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys().cloned())
        .collect();
    assert_eq!(used, properties(&root, &[]));
}
