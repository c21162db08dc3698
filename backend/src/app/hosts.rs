//! The hosts of the platform, and the agents that report for them.
//!
//! ```text
//!  (none) ── enrols ──▶ ready ── stops, or its lease ends ──▶ gone ── enrols ──▶ ready
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{App, AppError, Result};
use crate::store::{AgentRow, HostRow};

/// For how long an agent counts as there after a report.
pub const AGENT_LEASE: Duration = Duration::from_secs(30);

/// For how long a backend counts as there after it last said so, which it does every ten seconds.
const BACKEND_LEASE: Duration = Duration::from_secs(30);

/// The most bytes of an agent's report.
const LONGEST_REPORT: usize = 64 * 1024;

/// The most characters of a host's name.
const LONGEST_NAME: usize = 255;

/// A host: a data directory, and who is there for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHost {
    /// The installation.
    pub installation: String,
    /// The backend that holds it, or did, and whether it is there.
    pub backend: Option<(HostRow, bool)>,
    /// The agent that reports for it, or did, and whether it is there.
    pub agent: Option<(AgentRow, bool)>,
}

impl KnownHost {
    /// Whether anybody is there for it.
    pub fn is_there(&self) -> bool {
        let backend = self.backend.as_ref().is_some_and(|(_, there)| *there);
        backend || self.agent.as_ref().is_some_and(|(_, there)| *there)
    }

    /// Whether a query means it beyond doubt.
    fn is(&self, query: &str) -> bool {
        self.installation == query
            || self
                .agent
                .as_ref()
                .is_some_and(|(row, _)| row.name == query)
    }
}

impl App {
    /// Enrols the agent of an installation, or takes its sign of life, for [`AGENT_LEASE`].
    ///
    /// # Errors
    /// [`AppError::BadRequest`] for an installation or a name that can't be one, and
    /// [`AppError::TooLarge`].
    pub async fn enrol_agent(&self, installation: &str, name: &str, report: &str) -> Result<()> {
        let is_installation = installation.len() == 32
            && installation
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_installation {
            return Err(AppError::BadRequest(
                "a host's id has 32 hexadecimal digits, as the file `installation` of its data directory".to_owned(),
            ));
        }
        let is_name = (1..=LONGEST_NAME).contains(&name.chars().count())
            && !name.chars().any(char::is_control);
        if !is_name {
            return Err(AppError::BadRequest(format!(
                "name: a host's name has 1 to {LONGEST_NAME} characters, none of them a control character"
            )));
        }
        if report.len() > LONGEST_REPORT {
            return Err(AppError::TooLarge(format!(
                "the report is longer than {} KiB",
                LONGEST_REPORT / 1024
            )));
        }
        let store = &self.inner.store;
        Ok(store
            .record_agent(installation, name, report, Timestamp::now())
            .await?)
    }

    /// Takes note that the agent of an installation stops.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where none has enrolled.
    pub async fn agent_left(&self, installation: &str) -> Result<()> {
        let store = &self.inner.store;
        match store
            .record_agent_left(installation, Timestamp::now())
            .await?
        {
            true => Ok(()),
            false => Err(AppError::NotFound(
                "no agent has enrolled for this host".to_owned(),
            )),
        }
    }

    /// All hosts that were seen in the last 30 days, those that are there first.
    pub async fn hosts(&self) -> Result<Vec<KnownHost>> {
        let store = &self.inner.store;
        let now = Timestamp::now();
        let mut hosts = BTreeMap::new();
        let unknown = |installation: &str| KnownHost {
            installation: installation.to_owned(),
            backend: None,
            agent: None,
        };
        for row in store.hosts_seen(super::jobs::KNOWN).await? {
            let host = hosts
                .entry(row.installation.clone())
                .or_insert_with(|| unknown(&row.installation));
            let there = is_within(row.last_seen, now, BACKEND_LEASE);
            host.backend = Some((row, there));
        }
        for row in store.agents().await? {
            let host = hosts
                .entry(row.installation.clone())
                .or_insert_with(|| unknown(&row.installation));
            let there = row.left_at.is_none() && is_within(row.last_seen, now, AGENT_LEASE);
            host.agent = Some((row, there));
        }
        let mut hosts: Vec<KnownHost> = hosts.into_values().collect();
        hosts.sort_by_key(|host| !host.is_there());
        Ok(hosts)
    }

    /// The host that a text means: its id, the unique start of that, or its agent's name.
    ///
    /// # Errors
    /// [`AppError::NotFound`], and [`AppError::Conflict`] where it means several.
    pub async fn host(&self, query: &str) -> Result<KnownHost> {
        let hosts = self.hosts().await?;
        let mut meant: Vec<&KnownHost> = hosts.iter().filter(|host| host.is(query)).collect();
        if meant.is_empty() && !query.is_empty() {
            let starts = |host: &&KnownHost| host.installation.starts_with(query);
            meant = hosts.iter().filter(starts).collect();
        }
        match meant.as_slice() {
            [host] => Ok((*host).clone()),
            [] => Err(AppError::NotFound(
                "there is no such host; GET /api/hosts lists them".to_owned(),
            )),
            several => Err(AppError::Conflict(format!(
                "{} hosts are called {query}; name one by its id",
                several.len()
            ))),
        }
    }
}

/// Whether something was seen so lately. What was seen in the future was seen by a clock that is
/// ahead.
fn is_within(seen: Timestamp, now: Timestamp, lease: Duration) -> bool {
    now.duration_since(seen).as_secs_f64() < lease.as_secs_f64()
}
