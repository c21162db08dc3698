//! The plan for Wine in a sandbox: the container's files are the sandbox's own, and folders of the
//! host are mounts over them.

mod mounts;

use std::collections::BTreeSet;

use ctnr_model::container::{
    Hive, HostAccess, HostFolder, HostSource, Isolation, KnownFolder, Win32Path,
};
use ctnr_model::{ContainerPath, HostPath, Invalid};

use crate::entries;
use crate::environment::Values;
use crate::folders::Folders;
use crate::plan::{LinuxPlan, MountPlan, TargetPlan};
use crate::redirect::{self, PathRedirect};
use crate::target::{LinuxTarget, PlanInput};
use crate::{PlanError, drives, registry};

type Redirect = PathRedirect<ContainerPath, HostPath>;

pub(crate) fn plan(input: &PlanInput<'_>, target: &LinuxTarget) -> Result<MountPlan, PlanError> {
    let manifest = input.manifest;
    let folders = Folders::new(manifest.bitness, &target.user, None)?;
    let values = Values::new(&manifest.environment, &folders, &target.user)?;
    let place = |path: &Win32Path| drives::place(&target.prefix, &folders, manifest.bitness, path);
    let entries = entries::entries(manifest, &folders, &values, |directory| {
        place(directory)
            .map(Some)
            .map_err(|invalid| PlanError::Path {
                field: "entry".to_owned(),
                invalid,
            })
    })?;
    let mut notes = Vec::new();
    let rules = Rules {
        input,
        target,
        folders: &folders,
    };
    let redirects = rules.redirects(&place, &mut notes)?;
    let mounts = mounts::mounts(&redirects, target.owner)?;
    let named = redirects.iter().map(|rule| &rule.path).chain(
        entries
            .iter()
            .flat_map(|entry| [&entry.program, &entry.directory]),
    );
    let drives = drives::drives(&target.prefix, named).map_err(|invalid| PlanError::Path {
        field: "the target's prefix".to_owned(),
        invalid,
    })?;
    let file = |name: &str| target.prefix.join(name);
    let files = file("system.reg").and_then(|system| Ok((system, file("user.reg")?)));
    let (system, user) = files.map_err(|invalid| PlanError::Path {
        field: "the target's prefix".to_owned(),
        invalid,
    })?;
    let registry = registry::rules(&manifest.isolation, &[], |hive| match hive {
        Hive::LocalMachine => (system.clone(), ""),
        Hive::CurrentUser => (user.clone(), ""),
    });
    for (index, rule) in manifest.isolation.keys.iter().enumerate() {
        if rule.mode != Isolation::Full {
            notes.push(format!(
                "isolation.key[{index}]: a Linux host has no registry; {} is the container's own",
                rule.key
            ));
        }
    }
    Ok(MountPlan {
        schema: MountPlan::SCHEMA,
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        bitness: manifest.bitness,
        runtime: input.runtime.clone(),
        network: manifest.network.policy,
        limits: manifest.limits.limits(),
        environment: values.of(&manifest.environment),
        entries,
        default_entry: manifest.default_entry().map(|entry| entry.name.clone()),
        file_types: entries::file_types(manifest),
        target: TargetPlan::Linux(LinuxPlan {
            prefix: target.prefix.clone(),
            layers: input.layers.to_vec(),
            drives,
            mounts,
            redirects,
            registry,
        }),
        notes,
    })
}

struct Rules<'a> {
    input: &'a PlanInput<'a>,
    target: &'a LinuxTarget,
    folders: &'a Folders<'a>,
}

impl Rules<'_> {
    fn redirects(
        &self,
        place: &impl Fn(&Win32Path) -> Result<ContainerPath, Invalid>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Redirect>, PlanError> {
        let manifest = self.input.manifest;
        let placed = |path: &Win32Path, field: &str| {
            place(path).map_err(|invalid| PlanError::Path {
                field: field.to_owned(),
                invalid,
            })
        };
        let mut rules: Vec<Redirect> = Vec::new();
        for (index, host) in manifest.hosts.iter().enumerate() {
            let field = format!("host[{index}].path");
            let path = self.folders.resolve(&host.path, || field.clone())?;
            self.keeps_windows(&path, &field)?;
            rules.push(PathRedirect {
                isolation: match host.access {
                    HostAccess::ReadOnly | HostAccess::Merged => Isolation::Merged,
                    HostAccess::WriteCopy => Isolation::WriteCopy,
                },
                read_only: host.access == HostAccess::ReadOnly,
                place: placed(&path, &field)?,
                host: Some(self.source(host, &format!("host[{index}].source"))?),
                path,
            });
        }
        let let_in = rules.len();
        for (index, rule) in manifest.isolation.paths.iter().enumerate() {
            let field = format!("isolation.path[{index}].path");
            let path = self.folders.resolve(&rule.path, || field.clone())?;
            let host = match rule.mode {
                Isolation::Full => None,
                _ => self.counterpart(&path, &rules[..let_in]),
            };
            if rule.mode != Isolation::Full && host.is_none() {
                notes.push(format!(
                    "isolation.path[{index}]: this host has no folder for {}; it is the container's own",
                    rule.path
                ));
            }
            if host.is_some() {
                self.keeps_windows(&path, &field)?;
            }
            rules.push(PathRedirect {
                isolation: rule.mode,
                read_only: false,
                place: placed(&path, &field)?,
                host,
                path,
            });
        }
        let default = manifest.isolation.default;
        if default != Isolation::Full {
            notes.push(format!(
                "isolation.default: {default} lets nothing in on Linux by itself; name folders under [[host]] or [[isolation.path]]"
            ));
        }
        let drives = rules.iter().map(|rule| rule.path.drive());
        let drives: BTreeSet<char> = drives.chain(['C']).collect();
        for letter in drives {
            let path = Win32Path::root(letter);
            rules.push(PathRedirect {
                isolation: default,
                read_only: false,
                place: placed(&path, "isolation.default")?,
                host: None,
                path,
            });
        }
        Ok(redirect::order(rules))
    }

    /// The folder of the host that a section `[[host]]` means.
    fn source(&self, host: &HostFolder, field: &str) -> Result<HostPath, PlanError> {
        let not_allowed = |hint: &str| PlanError::NotAllowed {
            field: field.to_owned(),
            source_folder: host.source.to_string(),
            hint: hint.to_owned(),
        };
        match &host.source {
            HostSource::Known(path) => {
                let folder = path
                    .folder()
                    .and_then(|folder| self.target.folders.get(&folder));
                let folder = folder.ok_or_else(|| {
                    not_allowed("the host's settings have to name a folder for it")
                })?;
                join(folder, path.rest()).map_err(|invalid| PlanError::Path {
                    field: field.to_owned(),
                    invalid,
                })
            }
            HostSource::Linux(path) => {
                let allowed = self
                    .target
                    .allowed
                    .iter()
                    .any(|allowed| is_below(path, allowed));
                if !allowed {
                    return Err(not_allowed(
                        "the host's settings have to allow it or a folder above",
                    ));
                }
                Ok(path.clone())
            }
            HostSource::Windows(_) => Err(PlanError::Unsupported {
                field: field.to_owned(),
                reason: format!(
                    "{} is a folder of Windows and this host runs Linux; write a known folder or a path like /srv/data",
                    host.source
                ),
            }),
        }
    }

    /// The folder of the host for a path in the container: below a folder that is let in, or
    /// below a known folder of the host.
    fn counterpart(&self, path: &Win32Path, let_in: &[Redirect]) -> Option<HostPath> {
        let below = |ancestor: &Win32Path, host: &HostPath| {
            join(host, &path.below(ancestor)?.join("\\")).ok()
        };
        let from_hosts = let_in
            .iter()
            .filter(|rule| path.is_below(&rule.path))
            .max_by_key(|rule| rule.path.depth())
            .and_then(|rule| below(&rule.path, rule.host.as_ref()?));
        from_hosts.or_else(|| {
            let known = self.target.folders.iter().filter_map(|(folder, host)| {
                let place = self.folders.place(*folder).ok()?;
                path.is_below(&place).then_some((place, host))
            });
            let (place, host) = known.max_by_key(|(place, _)| place.depth())?;
            below(&place, host)
        })
    }

    /// Refuses a folder of the host over Windows itself.
    fn keeps_windows(&self, path: &Win32Path, field: &str) -> Result<(), PlanError> {
        let windows = self
            .folders
            .place(KnownFolder::Windows)
            .map_err(|invalid| PlanError::Path {
                field: field.to_owned(),
                invalid,
            })?;
        if windows.is_below(path) || path.is_below(&windows) {
            return Err(PlanError::Unsupported {
                field: field.to_owned(),
                reason: format!(
                    "a folder of the host at {path} would hide the runtime's {windows}"
                ),
            });
        }
        Ok(())
    }
}

/// A folder of the host and names below it.
fn join(folder: &HostPath, rest: &str) -> Result<HostPath, Invalid> {
    if rest.is_empty() {
        return Ok(folder.clone());
    }
    let folder = folder.as_str().trim_end_matches('/');
    HostPath::parse(&format!("{folder}/{}", rest.replace('\\', "/")))
}

fn is_below(path: &HostPath, ancestor: &HostPath) -> bool {
    let rest = path
        .as_str()
        .strip_prefix(ancestor.as_str().trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
