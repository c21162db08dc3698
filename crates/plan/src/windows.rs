//! The plan for a Windows host: the program runs on the host's Windows, and its files and keys are
//! redirected into the container's store.

use std::collections::BTreeSet;

use ctnr_model::container::{
    Hive, HostAccess, HostSource, Isolation, KeyRule, KnownFolder, RegistryKey, RegistryView,
    Win32Path,
};

use crate::entries;
use crate::environment::Values;
use crate::folders::Folders;
use crate::plan::{MountPlan, TargetPlan, WindowsLayer, WindowsPlan};
use crate::redirect::{self, PathRedirect};
use crate::target::{PlanInput, WindowsTarget};
use crate::{PlanError, registry};

type Redirect = PathRedirect<Win32Path, Win32Path>;

pub(crate) fn plan(input: &PlanInput<'_>, target: &WindowsTarget) -> Result<MountPlan, PlanError> {
    let manifest = input.manifest;
    let folders = Folders::new(manifest.bitness, &target.user, Some(&target.folders))?;
    let values = Values::new(&manifest.environment, &folders, &target.user)?;
    let in_store = |name: &str| {
        target.store.join(name).map_err(|invalid| PlanError::Path {
            field: "the target's store".to_owned(),
            invalid,
        })
    };
    let hive = in_store("registry.hiv")?;
    let layer = |id: &ctnr_model::LayerId| {
        let files = target
            .layers
            .join(&format!(r"{id}\files"))
            .map_err(|invalid| PlanError::Path {
                field: "the target's layers".to_owned(),
                invalid,
            })?;
        Ok(WindowsLayer {
            id: id.clone(),
            files,
        })
    };
    Ok(MountPlan {
        schema: MountPlan::SCHEMA,
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        bitness: manifest.bitness,
        runtime: input.runtime.clone(),
        network: manifest.network.policy,
        limits: manifest.limits.limits(),
        environment: values.of(&manifest.environment),
        entries: entries::entries(manifest, &folders, &values, |_| Ok(None))?,
        default_entry: manifest.default_entry().map(|entry| entry.name.clone()),
        file_types: entries::file_types(manifest),
        target: TargetPlan::Windows(WindowsPlan {
            store: target.store.clone(),
            layers: input
                .layers
                .iter()
                .map(layer)
                .collect::<Result<_, PlanError>>()?,
            redirects: redirects(input, target, &folders, &in_store("files")?)?,
            registry: registry::rules(&manifest.isolation, &system_keys(), |of| match of {
                Hive::LocalMachine => (hive.clone(), "machine"),
                Hive::CurrentUser => (hive.clone(), "user"),
            }),
        }),
        notes: Vec::new(),
    })
}

/// Keys without which no program starts: the host's are read unless the manifest says otherwise.
fn system_keys() -> [KeyRule; 3] {
    [
        &["Software", "Microsoft"][..],
        &["Software", "Classes"],
        &["System"],
    ]
    .map(|names| KeyRule {
        key: RegistryKey::from_names(Hive::LocalMachine, names),
        view: RegistryView::Both,
        mode: Isolation::WriteCopy,
    })
}

fn redirects(
    input: &PlanInput<'_>,
    target: &WindowsTarget,
    folders: &Folders<'_>,
    files: &Win32Path,
) -> Result<Vec<Redirect>, PlanError> {
    let manifest = input.manifest;
    let path_error = |field: &str| {
        let field = field.to_owned();
        move |invalid| PlanError::Path { field, invalid }
    };
    // C:\Program Files is kept in files\C\Program Files.
    let place = |path: &Win32Path, field: &str| {
        let names: Vec<&str> = path.names().collect();
        files
            .join(&format!(r"{}\{}", path.drive(), names.join("\\")))
            .map_err(path_error(field))
    };
    let rule = |path: Win32Path, isolation: Isolation, field: &str| {
        Ok::<_, PlanError>(PathRedirect {
            isolation,
            read_only: false,
            place: place(&path, field)?,
            host: (isolation != Isolation::Full).then(|| path.clone()),
            path,
        })
    };
    let mut rules = Vec::new();
    // What containers are made of is hidden from them, whatever else they see of the host.
    let stores = target
        .store
        .parent()
        .unwrap_or_else(|| target.store.clone());
    for hidden in [stores, target.layers.clone()] {
        rules.push(rule(hidden, Isolation::Full, "the target's store")?);
    }
    for (index, host) in manifest.hosts.iter().enumerate() {
        let field = format!("host[{index}].path");
        let path = folders.resolve(&host.path, || field.clone())?;
        let source = source(
            &host.source,
            target,
            folders,
            &format!("host[{index}].source"),
        )?;
        rules.push(PathRedirect {
            isolation: match host.access {
                HostAccess::ReadOnly | HostAccess::Merged => Isolation::Merged,
                HostAccess::WriteCopy => Isolation::WriteCopy,
            },
            read_only: host.access == HostAccess::ReadOnly,
            place: place(&path, &field)?,
            host: Some(source),
            path,
        });
    }
    for (index, declared) in manifest.isolation.paths.iter().enumerate() {
        let field = format!("isolation.path[{index}].path");
        let path = folders.resolve(&declared.path, || field.clone())?;
        rules.push(rule(path, declared.mode, &field)?);
    }
    // No program starts without Windows itself.
    let windows = folders
        .place(KnownFolder::Windows)
        .map_err(path_error("isolation"))?;
    rules.push(rule(windows, Isolation::WriteCopy, "isolation")?);
    let drives = rules.iter().map(|rule| rule.path.drive());
    let drives: BTreeSet<char> = drives.chain(['C']).collect();
    for drive in drives {
        rules.push(rule(
            Win32Path::root(drive),
            manifest.isolation.default,
            "isolation.default",
        )?);
    }
    Ok(redirect::order(rules))
}

/// The folder of the host that a section `[[host]]` means.
fn source(
    source: &HostSource,
    target: &WindowsTarget,
    folders: &Folders<'_>,
    field: &str,
) -> Result<Win32Path, PlanError> {
    match source {
        HostSource::Known(path) => folders.resolve(path, || field.to_owned()),
        HostSource::Windows(path) => {
            if target.allowed.iter().any(|allowed| path.is_below(allowed)) {
                return Ok(path.clone());
            }
            Err(PlanError::NotAllowed {
                field: field.to_owned(),
                source_folder: path.to_string(),
                hint: "the host's settings have to allow it or a folder above".to_owned(),
            })
        }
        HostSource::Linux(path) => Err(PlanError::Unsupported {
            field: field.to_owned(),
            reason: format!(
                r"{path} is a folder of Linux and this host runs Windows; write a known folder or a path like D:\data"
            ),
        }),
    }
}
