//! The engines of this host, and the reasons for those that it lacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use ctnr_engine::{Capabilities, SandboxEngine};
use ctnr_model::EngineKind;

use crate::{AgentError, Result};

/// An engine, or the reason why the host lacks it.
type Slot = std::result::Result<Arc<dyn SandboxEngine>, String>;

/// The engines of this host.
#[derive(Clone)]
pub struct Engines {
    slots: BTreeMap<EngineKind, Slot>,
    default: EngineKind,
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
        let slots: BTreeMap<_, _> = slots.into_iter().collect();
        let first_available = || {
            EngineKind::ALL
                .into_iter()
                .find(|kind| matches!(slots.get(kind), Some(Ok(_))))
        };
        let default = preferred
            .or_else(first_available)
            .unwrap_or(EngineKind::ALL[0]);
        Self { slots, default }
    }

    /// The engine that serves requests which name none.
    pub fn default_kind(&self) -> EngineKind {
        self.default
    }

    /// An engine.
    ///
    /// # Errors
    /// [`AgentError::EngineUnavailable`] where the host lacks it.
    pub fn get(&self, kind: EngineKind) -> Result<Arc<dyn SandboxEngine>> {
        match self.slots.get(&kind) {
            Some(Ok(engine)) => Ok(engine.clone()),
            Some(Err(reason)) => Err(AgentError::EngineUnavailable {
                kind,
                reason: reason.clone(),
            }),
            None => Err(AgentError::EngineUnavailable {
                kind,
                reason: "this build does not include it".to_owned(),
            }),
        }
    }

    /// The engines that the host has.
    pub fn available(&self) -> impl Iterator<Item = &Arc<dyn SandboxEngine>> {
        self.slots.values().filter_map(|slot| slot.as_ref().ok())
    }

    /// What is known of every engine, in the order of [`EngineKind`].
    pub fn statuses(&self) -> impl Iterator<Item = EngineStatus> + '_ {
        self.slots.iter().map(|(kind, slot)| EngineStatus {
            kind: *kind,
            is_default: *kind == self.default,
            available: match slot {
                Ok(engine) => Ok(engine.capabilities()),
                Err(reason) => Err(reason.clone()),
            },
        })
    }
}

impl std::fmt::Debug for Engines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.statuses()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_engine_says_why() {
        let engines = Engines::new(
            [(EngineKind::Docker, Err("start dockerd".to_owned()))],
            None,
        );
        let error = engines.get(EngineKind::Docker).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("start dockerd"), "{error}");
        assert!(engines.get(EngineKind::Native).is_err());
    }

    #[test]
    fn a_preferred_engine_stays_the_default_where_it_is_missing() {
        let missing = || [(EngineKind::Docker, Err("start dockerd".to_owned()))];
        let engines = Engines::new(missing(), Some(EngineKind::Docker));
        assert_eq!(engines.default_kind(), EngineKind::Docker);
        assert_eq!(
            Engines::new(missing(), None).default_kind(),
            EngineKind::Native
        );
    }
}
