//! What has to be right about a manifest as a whole.

use std::collections::BTreeMap;

use super::environment::{EnvironmentName, is_runtime_variable, settle};
use super::fold::fold;
use super::layer::stack;
use super::manifest::Manifest;
use super::registry_key::RegistryView;

/// A field, and what is wrong with it.
type Fault = (String, String);

/// What is wrong with a manifest whose parts are right each by itself.
pub(super) fn problems(manifest: &Manifest) -> Vec<Fault> {
    let mut faults = Vec::new();
    counts(manifest, &mut faults);
    layers(manifest, &mut faults);
    entries(manifest, &mut faults);
    file_types(manifest, &mut faults);
    variables(manifest, &mut faults);
    paths(manifest, &mut faults);
    keys(manifest, &mut faults);
    // A rule for both views is told of once.
    faults.dedup();
    faults
}

/// Overrides may bring more than one document may have.
fn counts(manifest: &Manifest, faults: &mut Vec<Fault>) {
    for (field, count, most) in [
        (
            "environment",
            manifest.environment.len(),
            Manifest::MAX_VARIABLES,
        ),
        (
            "isolation.path",
            manifest.isolation.paths.len(),
            Manifest::MAX_RULES,
        ),
        (
            "isolation.key",
            manifest.isolation.keys.len(),
            Manifest::MAX_RULES,
        ),
        ("host", manifest.hosts.len(), Manifest::MAX_HOST_FOLDERS),
    ] {
        if count > most {
            faults.push((
                field.to_owned(),
                format!("it has {count} values; expected at most {most}"),
            ));
        }
    }
}

/// Tells of values that were there before: each as its field and what it is compared by.
fn duplicates<K: Ord>(values: impl Iterator<Item = (String, K)>, faults: &mut Vec<Fault>) {
    let mut seen: BTreeMap<K, String> = BTreeMap::new();
    for (field, key) in values {
        match seen.get(&key) {
            Some(first) => faults.push((field, format!("it is the same as {first}"))),
            None => drop(seen.insert(key, field)),
        }
    }
}

fn layers(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let layers = &manifest.layers;
    let names = layers.iter().enumerate();
    duplicates(
        names.map(|(index, layer)| (format!("layer[{index}].name"), &layer.name)),
        faults,
    );
    for (index, layer) in layers.iter().enumerate() {
        for (at, need) in layer.needs.iter().enumerate() {
            if !layers.iter().any(|other| other.name == *need) {
                let message = format!("there is no layer {need} in this manifest");
                faults.push((format!("layer[{index}].needs[{at}]"), message));
            }
        }
    }
    if let Err(circle) = stack(layers) {
        let first = circle.first();
        let index = layers
            .iter()
            .position(|layer| Some(&layer.name) == first)
            .unwrap_or(0);
        let names: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
        let message = format!(
            "these layers need each other in a circle: {}",
            names.join(" -> ")
        );
        faults.push((format!("layer[{index}].needs"), message));
    }
}

fn entries(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let entries = &manifest.entries;
    let names = entries.iter().enumerate();
    duplicates(
        names.map(|(index, entry)| (format!("entry[{index}].name"), &entry.name)),
        faults,
    );
    let mut defaults = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.default);
    match (entries.is_empty(), defaults.next(), defaults.next()) {
        (false, None, _) => {
            let message = "one entry has to be the default; write default = true in it";
            faults.push(("entry".to_owned(), message.to_owned()));
        }
        (_, Some((_, first)), Some((index, _))) => {
            let message = format!("{} is the default entry already", first.name);
            faults.push((format!("entry[{index}].default"), message));
        }
        _ => {}
    }
}

fn file_types(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let types = manifest.file_types.iter().enumerate();
    let extension = |(index, of): (usize, &super::FileType)| {
        (
            format!("file_type[{index}].extension"),
            of.extension.folded(),
        )
    };
    duplicates(types.clone().map(extension), faults);
    for (index, of) in types {
        if manifest.entry(&of.entry).is_none() {
            let message = format!("there is no entry {} in this manifest", of.entry);
            faults.push((format!("file_type[{index}].entry"), message));
        }
    }
}

fn variables(manifest: &Manifest, faults: &mut Vec<Fault>) {
    if let Err((name, fault)) = settle(&manifest.environment) {
        faults.push((format!("environment.{name}"), fault.to_string()));
    }
    let is_known = |name: &str| {
        let known = |variable: &EnvironmentName| variable.folded() == fold(name);
        is_runtime_variable(&fold(name)) || manifest.environment.keys().any(known)
    };
    for (index, entry) in manifest.entries.iter().enumerate() {
        for (at, argument) in entry.args.iter().enumerate() {
            for name in argument.variables().filter(|name| !is_known(name)) {
                let message = super::EnvironmentFault::Unknown(name.to_owned()).to_string();
                faults.push((format!("entry[{index}].args[{at}]"), message));
            }
        }
    }
}

fn paths(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let hosts = manifest.hosts.iter().enumerate();
    let hosts = hosts.map(|(index, host)| (format!("host[{index}].path"), &host.path));
    let rules = manifest.isolation.paths.iter().enumerate();
    let rules = rules.map(|(index, rule)| (format!("isolation.path[{index}].path"), &rule.path));
    duplicates(hosts.chain(rules), faults);
}

fn keys(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let mut views = Vec::new();
    for (index, rule) in manifest.isolation.keys.iter().enumerate() {
        let field = format!("isolation.key[{index}]");
        if rule.view != RegistryView::Both && !rule.key.has_views() {
            let message = r"only keys below HKLM\Software have two views; leave view out";
            faults.push((format!("{field}.view"), message.to_owned()));
        }
        let of = match rule.view {
            RegistryView::Both => vec![RegistryView::Bits64, RegistryView::Bits32],
            view => vec![view],
        };
        views.extend(
            of.into_iter()
                .map(|view| (format!("{field}.key"), (&rule.key, view))),
        );
    }
    duplicates(views.into_iter(), faults);
}
