//! Hosts, and the agents that report for them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Realiser;
use crate::EngineInfo;

/// Whether the process that stands for a host says that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Presence {
    /// It has said so within its lease.
    Ready,
    /// It has stopped, or has not said so for longer than its lease.
    Gone,
}

impl Presence {
    /// As it is written in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Gone => "gone",
        }
    }
}

/// `PUT /api/hosts/{id}/agent`: what an agent says of its host. Sent again before the lease ends,
/// it is the agent's sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentReport {
    /// The host's name.
    pub name: String,
    /// The agent's version.
    pub version: String,
    /// `linux` or `windows`.
    pub system: String,
    /// The processor's architecture.
    pub architecture: String,
    /// The ways in which the host can make a plan real.
    pub realisers: Vec<Realiser>,
    /// Its engines.
    pub engines: Vec<EngineInfo>,
}

/// The answer to an agent's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentEnrolled {
    /// Seconds until the agent counts as gone, unless it reports again.
    pub lease: u64,
}

/// An agent that has enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostAgent {
    /// Whether it is there.
    pub state: Presence,
    /// When it first enrolled.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub enrolled_at: Timestamp,
    /// When it last reported.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub last_seen: Timestamp,
    /// What it reported.
    #[serde(flatten)]
    pub report: AgentReport,
}

/// The backend that holds a host's data directory and runs what is on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostBackend {
    /// Whether it is there.
    pub state: Presence,
    /// When it last said so.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub last_seen: Timestamp,
}

/// A host of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Host {
    /// The installation (data directory).
    pub id: String,
    /// Whether a backend or an agent is there for it.
    pub state: Presence,
    /// The backend that holds it, where one ever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<HostBackend>,
    /// The agent that reports for it, where one ever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<HostAgent>,
}

/// The answer of `GET /api/hosts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostList {
    /// The hosts: those that are there first.
    pub hosts: Vec<Host>,
}
