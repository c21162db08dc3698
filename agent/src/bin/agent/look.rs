//! What there is on this host.
//!
//! Engines are opened by the process that has the lock of the data directory, and by no other. Where
//! nobody has it, the agent takes it, opens them to see what they can do, and gives it back: a
//! backend that is started meanwhile waits for it for that long. Where a backend has it, the
//! backend is asked.

use ctnr_agent::{AgentError, DataDir, EngineStatus, Host, realisers};
use ctnr_api::{AgentReport, EngineInfo, Realiser};
use ctnr_client::Client;

use crate::settings::Settings;

/// Who has the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Nobody had it; this is what the engines said.
    Nobody(Vec<EngineStatus>),
    /// Another process, as the lock says.
    Other(String),
}

/// This host, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The installation.
    pub(crate) installation: String,
    /// Who had it.
    pub(crate) holder: Holder,
}

/// Looks at the host.
pub(crate) async fn look(settings: &Settings) -> Result<Found, AgentError> {
    match DataDir::open(&settings.data_dir) {
        Ok(lock) => {
            let host = Host::open(&lock, settings.host.clone()).await;
            let engines = host.engines().statuses();
            host.close().await;
            Ok(Found {
                installation: lock.installation().to_owned(),
                holder: Holder::Nobody(engines),
            })
        }
        Err(AgentError::Locked { holder, .. }) => Ok(Found {
            installation: DataDir::installation_of(&settings.data_dir)?,
            holder: Holder::Other(holder),
        }),
        Err(error) => Err(error),
    }
}

impl Found {
    /// What is reported. The backend knows best of what it holds itself.
    pub(crate) async fn report(&self, name: &str, client: &Client) -> AgentReport {
        let asked = match client.inspect_host().await {
            Ok(host) if host.id == self.installation => Some(host.into_value()),
            _ => None,
        };
        let looked = match &self.holder {
            Holder::Nobody(engines) => engines.as_slice(),
            Holder::Other(_) => &[],
        };
        let mut ways: Vec<Realiser> = realisers(looked).into_iter().map(show_realiser).collect();
        let engines = match asked {
            Some(host) => {
                for known in host.realisers {
                    match ways.iter_mut().find(|way| way.name == known.name) {
                        Some(way) => *way = known,
                        None => ways.push(known),
                    }
                }
                host.engines
            }
            None => looked.iter().map(show_engine).collect(),
        };
        AgentReport {
            name: name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            realisers: ways,
            engines,
        }
    }
}

fn show_realiser(realiser: ctnr_agent::Realiser) -> Realiser {
    Realiser {
        name: realiser.name.to_owned(),
        available: realiser.available.is_ok(),
        reason: realiser.available.err(),
    }
}

fn show_engine(status: &EngineStatus) -> EngineInfo {
    let capabilities = status.available.as_ref().ok();
    EngineInfo {
        name: status.kind,
        default: status.is_default,
        available: capabilities.is_some(),
        reason: status.available.as_ref().err().cloned(),
        capabilities: capabilities
            .into_iter()
            .flat_map(|capabilities| capabilities.iter())
            .map(|capability| capability.as_str().to_owned())
            .collect(),
    }
}

/// The lines of a report that tell what can be used and what can't.
pub(crate) fn lines(report: &AgentReport) -> Vec<String> {
    let line = |what: &str, name: &str, available: bool, reason: &Option<String>| {
        let state = match (available, reason) {
            (true, _) => "ready".to_owned(),
            (false, Some(reason)) => format!("not available: {reason}"),
            (false, None) => "not available".to_owned(),
        };
        format!("{what} {name}: {state}")
    };
    let engines = report.engines.iter().map(|engine| {
        line(
            "engine",
            engine.name.as_str(),
            engine.available,
            &engine.reason,
        )
    });
    let realisers = report
        .realisers
        .iter()
        .map(|way| line("realiser", &way.name, way.available, &way.reason));
    engines.chain(realisers).collect()
}
