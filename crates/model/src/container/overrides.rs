//! What a deployment or a user changes of a manifest.

use super::check;
use super::entry::EntryName;
use super::environment::Environment;
use super::host_folder::HostFolder;
use super::isolation::{Isolation, KeyRule, PathRule};
use super::limits::LimitRequest;
use super::manifest::Manifest;
use super::network::NetworkPolicy;
use super::path_template::PathTemplate;
use super::problem::{ManifestError, Problem};
use super::runtime::RuntimeReference;

/// What a deployment or a user changes of a manifest. The package's own word is the weakest, then
/// comes the deployment's, then the user's: `package.with(&deployment)?.with(&user)?`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Override {
    /// Another runtime.
    pub runtime: Option<RuntimeReference>,
    /// The entry that runs where none is named.
    pub default_entry: Option<EntryName>,
    /// Environment variables; those of the same name are replaced.
    pub environment: Environment,
    /// Another default isolation.
    pub default_isolation: Option<Isolation>,
    /// Rules for paths, before the manifest's; those for the same path are replaced.
    pub paths: Vec<PathRule>,
    /// Rules for keys, before the manifest's; those for the same key and view are replaced.
    pub keys: Vec<KeyRule>,
    /// Folders of the host; those at the same path are replaced.
    pub hosts: Vec<HostChange>,
    /// Another network policy.
    pub network: Option<NetworkPolicy>,
    /// Limits, each in the place of the manifest's.
    pub limits: LimitRequest,
}

/// A change to the folders of the host that a container is let into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostChange {
    /// This folder, in the place of what is at its path.
    Put(HostFolder),
    /// No folder at this path.
    Remove(PathTemplate),
}

impl HostChange {
    fn path(&self) -> &PathTemplate {
        match self {
            Self::Put(folder) => &folder.path,
            Self::Remove(path) => path,
        }
    }
}

impl Manifest {
    /// The manifest with what an override changes.
    ///
    /// # Errors
    /// [`ManifestError`] where the two together are not right: the default entry is none of the
    /// manifest's, variables go in a circle, or there are too many of something.
    pub fn with(&self, over: &Override) -> Result<Self, ManifestError> {
        let mut merged = self.clone();
        if let Some(runtime) = &over.runtime {
            merged.runtime = runtime.clone();
        }
        let mut problems = Vec::new();
        let mut tell = |(field, message)| {
            problems.push(Problem {
                field,
                position: None,
                message,
            });
        };
        if let Some(name) = &over.default_entry {
            if self.entry(name).is_none() {
                let message = format!("there is no entry {name} in the manifest");
                tell(("default_entry".to_owned(), message));
            }
            for entry in &mut merged.entries {
                entry.default = entry.name == *name;
            }
        }
        for (name, value) in &over.environment {
            // A map keeps the key that it has, and the override's spelling is the one that counts.
            merged.environment.remove(name);
            merged.environment.insert(name.clone(), value.clone());
        }
        if let Some(default) = over.default_isolation {
            merged.isolation.default = default;
        }
        let says = |path: &PathTemplate| {
            over.paths.iter().any(|rule| rule.path == *path)
                || over.hosts.iter().any(|change| change.path() == path)
        };
        merged.isolation.paths.retain(|rule| !says(&rule.path));
        merged.hosts.retain(|host| !says(&host.path));
        merged
            .isolation
            .paths
            .splice(0..0, over.paths.iter().cloned());
        let replaced = |rule: &KeyRule| {
            over.keys
                .iter()
                .any(|new| new.key == rule.key && new.view.covers(rule.view))
        };
        merged.isolation.keys.retain(|rule| !replaced(rule));
        merged
            .isolation
            .keys
            .splice(0..0, over.keys.iter().cloned());
        let put = over.hosts.iter().filter_map(|change| match change {
            HostChange::Put(folder) => Some(folder.clone()),
            HostChange::Remove(_) => None,
        });
        merged.hosts.splice(0..0, put);
        if let Some(policy) = over.network {
            merged.network.policy = policy;
        }
        merged.limits = merged.limits.overridden_by(over.limits);
        check::problems(&merged).into_iter().for_each(tell);
        if problems.is_empty() {
            Ok(merged)
        } else {
            Err(ManifestError::new(problems))
        }
    }
}
