//! The engines of this host, and the reasons for those that it lacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use ctnr_engine::{Capabilities, SandboxEngine};
use ctnr_model::EngineKind;
use tokio::sync::watch;

use crate::{AgentError, Result};

/// An engine, or the reason why the host lacks it.
pub type Slot = std::result::Result<Arc<dyn SandboxEngine>, String>;

type Slots = BTreeMap<EngineKind, Slot>;

/// The engines of this host. One that is missing may come later, a daemon that is started perhaps.
/// Clones share everything.
#[derive(Clone)]
pub struct Engines {
    slots: watch::Sender<Slots>,
    preferred: Option<EngineKind>,
}

/// What is known of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineStatus {
    /// Which engine.
    pub kind: EngineKind,
    /// Whether a sandbox is made with it where a request names none.
    pub is_default: bool,
    /// What it can do, or why it is not available.
    pub available: std::result::Result<Capabilities, String>,
}

impl Engines {
    /// Takes the engines, or the reasons why they are missing. The default engine is `preferred`
    /// where it is given, else the first available one in the order of [`EngineKind::ALL`].
    pub fn new(
        slots: impl IntoIterator<Item = (EngineKind, Slot)>,
        preferred: Option<EngineKind>,
    ) -> Self {
        Self {
            slots: watch::Sender::new(slots.into_iter().collect()),
            preferred,
        }
    }

    /// Puts an engine, or the reason why it is missing, in the place of what was known of it.
    pub fn set(&self, kind: EngineKind, slot: Slot) {
        self.slots.send_modify(|slots| {
            slots.insert(kind, slot);
        });
    }

    /// Wakes whenever something is [set](Engines::set).
    pub fn changes(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut slots = self.slots.subscribe();
        async move {
            if slots.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The engine that serves requests which name none.
    pub fn default_kind(&self) -> EngineKind {
        default_of(&self.slots.borrow(), self.preferred)
    }

    /// An engine.
    ///
    /// # Errors
    /// [`AgentError::EngineUnavailable`] where the host lacks it.
    pub fn get(&self, kind: EngineKind) -> Result<Arc<dyn SandboxEngine>> {
        let reason = match self.slots.borrow().get(&kind) {
            Some(Ok(engine)) => return Ok(engine.clone()),
            Some(Err(reason)) => reason.clone(),
            None => "this build does not include it".to_owned(),
        };
        Err(AgentError::EngineUnavailable { kind, reason })
    }

    /// The engines that the host has.
    pub fn available(&self) -> Vec<Arc<dyn SandboxEngine>> {
        let slots = self.slots.borrow();
        slots
            .values()
            .filter_map(|slot| slot.as_ref().ok().cloned())
            .collect()
    }

    /// What is known of every engine, in the order of [`EngineKind`].
    pub fn statuses(&self) -> Vec<EngineStatus> {
        let slots = self.slots.borrow();
        let default = default_of(&slots, self.preferred);
        slots
            .iter()
            .map(|(kind, slot)| EngineStatus {
                kind: *kind,
                is_default: *kind == default,
                available: match slot {
                    Ok(engine) => Ok(engine.capabilities()),
                    Err(reason) => Err(reason.clone()),
                },
            })
            .collect()
    }
}

fn default_of(slots: &Slots, preferred: Option<EngineKind>) -> EngineKind {
    let first_available = || {
        EngineKind::ALL
            .into_iter()
            .find(|kind| matches!(slots.get(kind), Some(Ok(_))))
    };
    preferred
        .or_else(first_available)
        .unwrap_or(EngineKind::ALL[0])
}

impl std::fmt::Debug for Engines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.statuses()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> [(EngineKind, Slot); 1] {
        [(EngineKind::Docker, Err("start dockerd".to_owned()))]
    }

    #[test]
    fn a_missing_engine_says_why() {
        let engines = Engines::new(missing(), None);
        let error = engines.get(EngineKind::Docker).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("start dockerd"), "{error}");
        assert!(engines.get(EngineKind::Native).is_err());
    }

    #[test]
    fn a_preferred_engine_stays_the_default_where_it_is_missing() {
        let engines = Engines::new(missing(), Some(EngineKind::Docker));
        assert_eq!(engines.default_kind(), EngineKind::Docker);
        let engines = Engines::new(missing(), None);
        assert_eq!(engines.default_kind(), EngineKind::Native);
    }

    #[tokio::test]
    async fn a_change_wakes_who_asked_before_it() {
        let engines = Engines::new(missing(), None);
        let change = engines.changes();
        engines.set(EngineKind::Docker, Err("pull the plug".to_owned()));
        change.await;
        let status = &engines.statuses()[0];
        assert_eq!(status.available, Err("pull the plug".to_owned()));
    }
}
