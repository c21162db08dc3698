//! The layers of a sandbox, and the directories of the host over them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ctnr_engine::{EngineError, Result};
use ctnr_model::{ContainerPath, HostMount, LayerId, MountAccess};

use super::Layers;
use super::facts::Facts;
use crate::protocol::{MountLaunch, StackedLayer};

/// How many directories of the host a sandbox may have.
const MOUNTS: usize = 100;

/// Layers that can't be removed for as long as this lives.
pub(in crate::engine) struct Held {
    pub(super) layers: Arc<Layers>,
    pub(super) ids: Vec<LayerId>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.layers.state();
        for id in &self.ids {
            if let Some(users) = state.users.get_mut(id) {
                *users -= 1;
            }
        }
        state.users.retain(|_, users| *users > 0);
    }
}

impl Held {
    /// The layers' files, lowest first.
    pub(in crate::engine) fn stacked(&self) -> Vec<StackedLayer> {
        let state = self.layers.state();
        let known = |id: &LayerId| Some((id.clone(), Arc::clone(state.known.get(id)?)));
        let stacked = |(id, facts): (LayerId, Arc<Facts>)| StackedLayer {
            path: self.layers.directory.join(id.as_str()).join("files"),
            id,
            ids: facts.ids,
        };
        self.ids.iter().filter_map(known).map(stacked).collect()
    }

    /// Directories of the host, with what the layers have written to those that are copied.
    pub(in crate::engine) fn mounts(&self, mounts: &[HostMount]) -> Result<Vec<MountLaunch>> {
        check_mounts(mounts, self.layers.directory.parent())?;
        let launch = |mount: &HostMount| MountLaunch {
            written: match mount.access {
                MountAccess::CopyOnWrite => self.written(&mount.target),
                MountAccess::ReadOnly | MountAccess::ReadWrite => Vec::new(),
            },
            mount: mount.clone(),
        };
        Ok(mounts.iter().map(launch).collect())
    }

    fn written(&self, target: &ContainerPath) -> Vec<StackedLayer> {
        let state = self.layers.state();
        let written = |id: &LayerId| {
            let facts = state.known.get(id)?;
            let (number, _) = facts.written.iter().find(|(_, known)| known == target)?;
            let mounts = self.layers.directory.join(id.as_str()).join("mounts");
            Some(StackedLayer {
                id: id.clone(),
                path: mounts.join(number.to_string()),
                ids: facts.ids,
            })
        };
        self.ids.iter().filter_map(written).collect()
    }
}

/// Refuses mounts where a sandbox has something of its own, and of directories in which `data` of the
/// engine lies or that lie in it.
fn check_mounts(mounts: &[HostMount], data: Option<&Path>) -> Result<()> {
    let bad = |message: String| Err(EngineError::BadRequest(message));
    if mounts.len() > MOUNTS {
        return bad(format!(
            "a sandbox has at most {MOUNTS} directories of the host, and this one would have {}",
            mounts.len()
        ));
    }
    let mut seen = BTreeSet::new();
    for HostMount { source, target, .. } in mounts {
        let first = target.relative().split('/').next().unwrap_or_default();
        if matches!(first, "." | "proc" | "sys" | "dev") {
            return bad(format!(
                "{source} of the host can't be at {target} in a sandbox, which has its own there; choose another directory"
            ));
        }
        let path = Path::new(source.as_str());
        if data.is_some_and(|data| data.starts_with(path) || path.starts_with(data)) {
            return bad(format!(
                "{source} of the host can't be in a sandbox: this engine keeps its data there; choose a directory beside it"
            ));
        }
        if !seen.insert(target) {
            return bad(format!(
                "two directories of the host can't both be at {target}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ctnr_model::{FileOwner, HostPath};

    use super::*;

    #[test]
    fn mounts_stay_off_what_a_sandbox_and_the_engine_have_themselves() {
        let mount = |target: &str| HostMount {
            source: HostPath::parse("/srv").unwrap(),
            target: ContainerPath::parse(target).unwrap(),
            access: MountAccess::ReadOnly,
            owner: FileOwner::default(),
        };
        for target in ["/", "/proc", "/proc/1", "/dev/shm", "/sys/x", "/a/../dev"] {
            assert!(check_mounts(&[mount(target)], None).is_err(), "{target}");
        }
        for target in ["/data", "/home/proc", "/device"] {
            check_mounts(&[mount(target)], None).unwrap();
        }
        assert!(check_mounts(&[mount("/data"), mount("/data")], None).is_err());
        for (data, refused) in [
            ("/srv", true),
            ("/srv/ctnr", true),
            ("/", true),
            ("/srv2", false),
            ("/var/lib/ctnr", false),
        ] {
            let checked = check_mounts(&[mount("/data")], Some(Path::new(data)));
            assert_eq!(checked.is_err(), refused, "{data}");
        }
    }
}
