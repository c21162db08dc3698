//! Sections that manifests and overrides have in common.

use super::Document;
use super::table::{Table, Value};
use crate::container::{
    Entry, EntryName, Environment, EnvironmentName, Extension, FileType, HostAccess, HostFolder,
    HostSource, Isolation, KeyRule, Layer, LayerName, LayerSource, LimitRequest, Manifest,
    NetworkPolicy, PathRule, PathTemplate, RegistryKey, RegistryView, TextTemplate,
};
use crate::{ByteSize, Cpus, Invalid, PidLimit};

/// The version of the form, which has to be the one that is read here.
pub(super) fn schema(document: &mut Document<'_>, root: &mut Table<'_, '_>) -> Option<u32> {
    let schema = root.require(document, "schema")?.whole(document)?;
    if schema == Manifest::SCHEMA {
        return Some(schema);
    }
    let read = Manifest::SCHEMA;
    document.problem(
        "schema",
        format!("this program reads version {read}, not {schema}; use a ctnr that knows it"),
    );
    None
}

pub(super) fn description(value: Value<'_, '_>, document: &mut Document<'_>) -> Option<String> {
    value.text(document, |text| {
        let most = Manifest::MAX_DESCRIPTION;
        if text.len() > most {
            return Err(Invalid::new(
                "description",
                text,
                format!("expected at most {most} bytes"),
            ));
        }
        Ok(text.to_owned())
    })
}

pub(super) fn layer(document: &mut Document<'_>, value: Value<'_, '_>) -> Option<Layer> {
    let mut table = value.table(document)?;
    let name = table.require(document, "name");
    let name = name.and_then(|name| name.text(document, LayerName::parse));
    let source = match table.take(document, "source") {
        Some(source) => source.text(document, LayerSource::parse),
        None => name.clone().map(LayerSource::Name),
    };
    let needs = match table.take(document, "needs") {
        Some(needs) => needs.list(document, Manifest::MAX_LAYERS, |document, name| {
            name.text(document, LayerName::parse)
        }),
        None => Some(Vec::new()),
    };
    table.finish(document);
    Some(Layer {
        name: name?,
        source: source?,
        needs: needs?,
    })
}

pub(super) fn entry(document: &mut Document<'_>, value: Value<'_, '_>) -> Option<Entry> {
    let mut table = value.table(document)?;
    let name = table.require(document, "name");
    let name = name.and_then(|name| name.text(document, EntryName::parse));
    let default = match table.take(document, "default") {
        Some(default) => default.truth(document),
        None => Some(false),
    };
    let program = table.require(document, "program");
    let program = program.and_then(|program| program.text(document, PathTemplate::parse));
    let args = match table.take(document, "args") {
        Some(args) => args.list(document, Manifest::MAX_ARGUMENTS, |document, arg| {
            arg.text(document, TextTemplate::parse)
        }),
        None => Some(Vec::new()),
    };
    let directory = match table.take(document, "directory") {
        Some(directory) => directory.text(document, PathTemplate::parse).map(Some),
        None => Some(None),
    };
    let kind = match table.take(document, "kind") {
        Some(kind) => kind.text(document, str::parse),
        None => Some(Default::default()),
    };
    table.finish(document);
    Some(Entry {
        name: name?,
        default: default?,
        program: program?,
        args: args?,
        directory: directory?,
        kind: kind?,
    })
}

pub(super) fn file_type(document: &mut Document<'_>, value: Value<'_, '_>) -> Option<FileType> {
    let mut table = value.table(document)?;
    let extension = table.require(document, "extension");
    let extension = extension.and_then(|extension| extension.text(document, Extension::parse));
    let about = table.take(document, "description");
    let about = about.and_then(|about| description(about, document));
    let entry = table.require(document, "entry");
    let entry = entry.and_then(|entry| entry.text(document, EntryName::parse));
    table.finish(document);
    Some(FileType {
        extension: extension?,
        description: about,
        entry: entry?,
    })
}

pub(super) fn environment(document: &mut Document<'_>, root: &mut Table<'_, '_>) -> Environment {
    let mut environment = Environment::new();
    let Some(value) = root.take(document, "environment") else {
        return environment;
    };
    let Some(table) = value.table(document) else {
        return environment;
    };
    let most = Manifest::MAX_VARIABLES;
    let count = table.all().count();
    if count > most {
        let message = format!("it has {count} variables; expected at most {most}");
        document.problem("environment", message);
        return environment;
    }
    for (key, span, value) in table.all() {
        let field = table.field(key);
        let value = Value::new(document, field.clone(), value).text(document, TextTemplate::parse);
        match EnvironmentName::parse(key) {
            Err(invalid) => document.problem_at(&field, span.start, invalid.to_string()),
            Ok(name) => {
                if let Some((other, _)) = environment.get_key_value(&name) {
                    let message =
                        format!("{other} is the same variable: Win32 does not tell case apart");
                    document.problem_at(&field, span.start, message);
                }
                environment.extend(value.map(|value| (name, value)));
            }
        }
    }
    environment
}

/// The section `[isolation]`: the default where there is one, rules for paths, and for keys.
pub(super) fn isolation(
    document: &mut Document<'_>,
    root: &mut Table<'_, '_>,
) -> (Option<Isolation>, Vec<PathRule>, Vec<KeyRule>) {
    let section = root.take(document, "isolation");
    let Some(mut table) = section.and_then(|section| section.table(document)) else {
        return (None, Vec::new(), Vec::new());
    };
    let default = table.take(document, "default");
    let default = default.and_then(|default| default.text(document, Isolation::parse));
    let paths = table.take(document, "path");
    let paths = paths.and_then(|paths| paths.list(document, Manifest::MAX_RULES, path_rule));
    let keys = table.take(document, "key");
    let keys = keys.and_then(|keys| keys.list(document, Manifest::MAX_RULES, key_rule));
    table.finish(document);
    (default, paths.unwrap_or_default(), keys.unwrap_or_default())
}

fn path_rule(document: &mut Document<'_>, value: Value<'_, '_>) -> Option<PathRule> {
    let mut table = value.table(document)?;
    let path = table.require(document, "path");
    let path = path.and_then(|path| path.text(document, PathTemplate::parse));
    let mode = table.require(document, "mode");
    let mode = mode.and_then(|mode| mode.text(document, Isolation::parse));
    table.finish(document);
    Some(PathRule {
        path: path?,
        mode: mode?,
    })
}

fn key_rule(document: &mut Document<'_>, value: Value<'_, '_>) -> Option<KeyRule> {
    let mut table = value.table(document)?;
    let key = table.require(document, "key");
    let key = key.and_then(|key| key.text(document, RegistryKey::parse));
    let view = match table.take(document, "view") {
        Some(view) => view.text(document, RegistryView::parse),
        None => Some(RegistryView::Both),
    };
    let mode = table.require(document, "mode");
    let mode = mode.and_then(|mode| mode.text(document, Isolation::parse));
    table.finish(document);
    Some(KeyRule {
        key: key?,
        view: view?,
        mode: mode?,
    })
}

pub(super) fn host_folder(
    document: &mut Document<'_>,
    mut table: Table<'_, '_>,
) -> Option<HostFolder> {
    let source = table.require(document, "source");
    let source = source.and_then(|source| source.text(document, HostSource::parse));
    let path = table.require(document, "path");
    let path = path.and_then(|path| path.text(document, PathTemplate::parse));
    let access = table.require(document, "access");
    let access = access.and_then(|access| access.text(document, HostAccess::parse));
    table.finish(document);
    Some(HostFolder {
        source: source?,
        path: path?,
        access: access?,
    })
}

pub(super) fn network(
    document: &mut Document<'_>,
    root: &mut Table<'_, '_>,
) -> Option<NetworkPolicy> {
    let mut table = root.take(document, "network")?.table(document)?;
    let policy = table.take(document, "policy");
    let policy = policy.and_then(|policy| policy.text(document, NetworkPolicy::parse));
    table.finish(document);
    policy
}

pub(super) fn limits(document: &mut Document<'_>, root: &mut Table<'_, '_>) -> LimitRequest {
    let section = root.take(document, "limits");
    let Some(mut table) = section.and_then(|section| section.table(document)) else {
        return LimitRequest::default();
    };
    let memory = table.take(document, "memory");
    let memory = memory.and_then(|memory| {
        memory.number_or_text(
            document,
            "a size like \"512m\" or a number of bytes",
            memory_size,
        )
    });
    let cpus = table.take(document, "cpus");
    let cpus = cpus.and_then(|cpus| {
        cpus.number_or_text(document, "a number of processors", |text| {
            Cpus::from_cores(text.parse().unwrap_or(f64::NAN))
        })
    });
    let pids = table.take(document, "pids").and_then(|pids| {
        let field = pids.field.clone();
        let count = pids.whole(document)?;
        let limit = PidLimit::new(count);
        limit
            .map_err(|invalid| document.problem(&field, invalid.to_string()))
            .ok()
    });
    table.finish(document);
    LimitRequest { memory, cpus, pids }
}

fn memory_size(text: &str) -> Result<ByteSize, Invalid> {
    let size = ByteSize::parse(text)?;
    if size < crate::Limits::MIN_MEMORY {
        let expected = format!("expected at least {}", crate::Limits::MIN_MEMORY);
        return Err(Invalid::new("memory limit", text, expected));
    }
    Ok(size)
}
