//! A sandbox, as the engine holds it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ctnr_engine::{EngineError, Inspection, NetworkInspection, Observed, Result};
use ctnr_model::{PublishedPort, SandboxId, SandboxState, SandboxStatus};
use tokio::sync::watch;

use super::Inner;
use super::layers::Held;
use crate::protocol::SandboxRecord;

/// A sandbox that exists on this host.
pub(super) struct Sandbox {
    pub(super) id: SandboxId,
    pub(super) index: u32,
    /// Its directory.
    pub(super) directory: PathBuf,
    /// Taken by whoever starts, stops or deletes it.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// The layers that it is made of.
    layers: Mutex<Option<Held>>,
    record: Mutex<Option<SandboxRecord>>,
    running: watch::Sender<bool>,
}

impl Sandbox {
    /// A sandbox that was not started.
    pub(super) fn new(inner: &Inner, id: SandboxId, index: u32) -> Self {
        Self {
            directory: inner.sandboxes_dir.join(id.as_str()),
            id,
            index,
            turn: tokio::sync::Mutex::default(),
            layers: Mutex::default(),
            record: Mutex::default(),
            running: watch::Sender::new(false),
        }
    }

    /// Keeps the layers that it is made of from being removed.
    pub(super) fn hold_layers(&self, layers: Held) {
        *self.layers.lock().unwrap_or_else(PoisonError::into_inner) = Some(layers);
    }

    /// Lets its layers be removed: it is gone.
    pub(super) fn release_layers(&self) {
        drop(
            self.layers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }

    /// What its supervisor last said of it.
    pub(super) fn record(&self) -> Option<SandboxRecord> {
        self.record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What its supervisor last said of it, while its program runs.
    pub(super) fn running_record(&self) -> Result<SandboxRecord> {
        self.record()
            .filter(|record| record.ended.is_none())
            .ok_or(EngineError::NotRunning)
    }

    /// Takes what its supervisor says of it. The end of a run that comes late, when the next one has
    /// begun, is not the end of that.
    pub(super) fn set_record(&self, record: SandboxRecord) {
        let running = record.ended.is_none();
        let mut held = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = held.as_ref().is_some_and(|held| {
            held.ended.is_none() && !running && held.pid_started != record.pid_started
        });
        if is_late {
            return;
        }
        *held = Some(record);
        drop(held);
        self.running.send_replace(running);
    }

    /// Whether its program runs, as it changes.
    pub(super) fn running(&self) -> watch::Receiver<bool> {
        self.running.subscribe()
    }

    pub(super) fn status(&self) -> SandboxStatus {
        status_of(self.record().as_ref())
    }

    pub(super) fn observe(&self) -> Observed {
        let record = self.record();
        Observed {
            id: self.id.clone(),
            status: status_of(record.as_ref()),
            ports: ports_of(record.as_ref()),
        }
    }

    pub(super) fn inspect(&self) -> Inspection {
        let record = self.record();
        let link = record
            .as_ref()
            .filter(|record| record.ended.is_none())
            .and_then(|r| r.link);
        let network = link.map(|link| {
            let v6 = link.ipv6().is_some();
            NetworkInspection {
                addresses: std::iter::once((link.sandbox_v4().into(), 31))
                    .chain(v6.then(|| (link.sandbox_v6().into(), 127)))
                    .collect(),
                gateways: std::iter::once(link.host_v4().into())
                    .chain(v6.then(|| link.host_v6().into()))
                    .collect(),
            }
        });
        Inspection {
            status: status_of(record.as_ref()),
            ports: ports_of(record.as_ref()),
            image_id: record.as_ref().map(|record| record.image_id.clone()),
            process: record.map(|record| record.process),
            network,
            docker: None,
        }
    }
}

/// A record in the engine's words.
pub(super) fn status_of(record: Option<&SandboxRecord>) -> SandboxStatus {
    let state = match record {
        None => SandboxState::Created,
        Some(SandboxRecord { ended: None, .. }) => SandboxState::Running,
        Some(_) => SandboxState::Exited,
    };
    let ended = record.and_then(|record| record.ended);
    SandboxStatus {
        state,
        pid: record
            .filter(|record| record.ended.is_none())
            .map(|record| record.pid),
        started_at: record.map(|record| record.started_at),
        finished_at: ended.map(|(at, _)| at),
        exit: ended.map(|(_, exit)| exit),
    }
}

fn ports_of(record: Option<&SandboxRecord>) -> Vec<PublishedPort> {
    record
        .map(|record| record.ports.clone())
        .unwrap_or_default()
}
