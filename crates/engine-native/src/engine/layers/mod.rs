//! Layers over images' layers: what sandboxes were frozen to, and archives.
//!
//! ```text
//! layers/ID/files        a directory for overlayfs, with the ids of the host that its files were written with
//!          /mounts/N     what a sandbox has written to its copied host directory number N
//!          /layer.json   which ids these are, which directory N is, which sandbox it was
//! layers/ID.part         one in the making
//! ```
//!
//! A layer appears by one rename and goes by one. Nothing in it ever changes.

mod export;
mod facts;
mod freeze;
mod held;
mod import;
mod size;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ctnr_engine::{EngineError, Result};
use ctnr_model::{LayerId, SandboxId};

pub(super) use self::export::export;
use self::facts::Facts;
pub(super) use self::freeze::freeze;
pub(super) use self::held::Held;
pub(super) use self::import::import;
use super::trash::Trash;
use crate::protocol::RootLaunch;

/// How many layers a sandbox may have over its image's. Overlayfs takes 500 in all, and an image has
/// 128 at most.
const DEPTH: usize = 100;

/// The layers of an engine.
pub(super) struct Layers {
    directory: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: BTreeMap<LayerId, Arc<Facts>>,
    /// Layers in the making.
    pending: BTreeSet<LayerId>,
    /// How many sandboxes are made of each.
    users: BTreeMap<LayerId, usize>,
}

/// The id of a layer in the making, which nobody else makes.
struct Pending<'a> {
    layers: &'a Layers,
    id: LayerId,
}

impl Layers {
    /// Opens the directory of layers, and ends what an earlier engine left in the middle.
    pub(super) fn open(
        directory: PathBuf,
        sandboxes: &Path,
        trash: &Trash,
    ) -> std::io::Result<Arc<Self>> {
        let known = sweep::sweep(&directory, sandboxes, trash)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "directories of the host are named without symlinks, and are compared with this one"
        )]
        let directory = directory.canonicalize()?;
        let state = State {
            known,
            ..State::default()
        };
        Ok(Arc::new(Self {
            directory,
            state: Mutex::new(state),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All layers.
    pub(super) fn list(&self) -> Vec<LayerId> {
        self.state().known.keys().cloned().collect()
    }

    /// The bytes that a layer takes on the disk.
    pub(super) async fn size(&self, id: &LayerId) -> Result<u64> {
        let missing = || EngineError::LayerNotFound(id.clone());
        let facts = Arc::clone(self.state().known.get(id).ok_or_else(missing)?);
        if let Some(size) = facts.size.get() {
            return Ok(*size);
        }
        let directory = self.directory.join(id.as_str());
        let measured = tokio::task::spawn_blocking(move || size::on_disk(&directory)).await;
        let doing = || format!("measuring layer {}", id.short());
        let size = measured
            .map_err(|error| EngineError::internal(doing(), error))?
            .map_err(|error| EngineError::internal(doing(), error))?;
        Ok(*facts.size.get_or_init(|| size))
    }

    /// Removes a layer; one that is gone is no error.
    pub(super) fn remove(&self, id: &LayerId, trash: &Trash) -> Result<()> {
        let mut state = self.state();
        let users = state.users.get(id).copied().unwrap_or(0);
        if users > 0 {
            let of = if users == 1 {
                "sandbox is"
            } else {
                "sandboxes are"
            };
            return Err(EngineError::Conflict(format!(
                "{users} {of} made of layer {}; delete them first",
                id.short()
            )));
        }
        if state.pending.contains(id) {
            return Err(being_made(id));
        }
        trash
            .throw(&self.directory.join(id.as_str()))
            .map_err(|error| EngineError::internal("removing a layer", error))?;
        state.known.remove(id);
        Ok(())
    }

    /// Takes layers for a new sandbox.
    pub(super) fn take(self: &Arc<Self>, ids: &[LayerId]) -> Result<Held> {
        if ids.len() > DEPTH {
            return Err(EngineError::BadRequest(format!(
                "a sandbox has at most {DEPTH} layers over its image's, and this one would have {}; import some of them as one",
                ids.len()
            )));
        }
        let mut seen = BTreeSet::new();
        let mut state = self.state();
        for id in ids {
            if !state.known.contains_key(id) {
                return Err(EngineError::LayerNotFound(id.clone()));
            }
            if !seen.insert(id) {
                return Err(EngineError::BadRequest(format!(
                    "layer {} is there twice",
                    id.short()
                )));
            }
        }
        Ok(self.hold(&mut state, ids.to_vec()))
    }

    /// Takes the layers of a sandbox that was there before the engine.
    pub(super) fn adopt(self: &Arc<Self>, root: &RootLaunch) -> Held {
        let ids = root.stacked.iter().map(|layer| layer.id.clone()).collect();
        self.hold(&mut self.state(), ids)
    }

    fn hold(self: &Arc<Self>, state: &mut State, ids: Vec<LayerId>) -> Held {
        for id in &ids {
            *state.users.entry(id.clone()).or_default() += 1;
        }
        Held {
            layers: Arc::clone(self),
            ids,
        }
    }

    /// Begins to make a layer.
    fn begin(&self, id: &LayerId) -> Result<Pending<'_>> {
        let mut state = self.state();
        if state.known.contains_key(id) {
            return Err(EngineError::Conflict(format!(
                "there is a layer {} already",
                id.short()
            )));
        }
        if !state.pending.insert(id.clone()) {
            return Err(being_made(id));
        }
        Ok(Pending {
            layers: self,
            id: id.clone(),
        })
    }

    /// Whether a layer is what became of a sandbox.
    fn was(&self, layer: &LayerId, sandbox: &SandboxId) -> bool {
        let state = self.state();
        let facts = state.known.get(layer);
        facts.is_some_and(|facts| facts.from.as_ref() == Some(sandbox))
    }
}

impl Pending<'_> {
    /// Where the layer is put together.
    fn part(&self) -> PathBuf {
        self.layers.directory.join(format!("{}.part", self.id))
    }

    /// Where it lies when it is whole.
    fn whole(&self) -> PathBuf {
        self.layers.directory.join(self.id.as_str())
    }

    /// Lets others see the layer, which is whole and in its place.
    fn done(self, facts: Facts) {
        let id = self.id.clone();
        self.layers.state().known.insert(id, Arc::new(facts));
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.layers.state().pending.remove(&self.id);
    }
}

fn being_made(id: &LayerId) -> EngineError {
    EngineError::Conflict(format!("layer {} is being made", id.short()))
}
