//! The life of a Win32 container.
//!
//! ```text
//!             made                start              session settled
//!  creating ───────▶ stopped ──────────────▶ starting ───────▶ running
//!     │                 ▲                       │                 │ stop
//!     │ failed        ▲ │◀──────────────────────┘                 ▼
//!     ▼   job retried │ │◀──────────────────────────────────── stopping
//!   failed ───────────┘ └──── (the session ended by itself) ── running
//!
//!  any state ── delete ──▶ deleting ──▶ (gone)
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// The state of a Win32 container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// Recorded; a job makes it.
    Creating,
    /// It is there, and nothing runs in it.
    Stopped,
    /// Its session comes up.
    Starting,
    /// Its session is up: programs start at once.
    Running,
    /// Its session goes down, and its registry is written.
    Stopping,
    /// It could not be made; its job can be tried again.
    Failed,
    /// It is being removed.
    Deleting,
}

impl ContainerState {
    /// All states, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Creating,
        Self::Stopped,
        Self::Starting,
        Self::Running,
        Self::Stopping,
        Self::Failed,
        Self::Deleting,
    ];

    /// The word of the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Failed => "failed",
            Self::Deleting => "deleting",
        }
    }

    /// The states that may follow this one. A state never follows itself.
    pub fn followers(self) -> &'static [Self] {
        match self {
            Self::Creating => &[Self::Stopped, Self::Failed, Self::Deleting],
            Self::Stopped => &[Self::Starting, Self::Deleting],
            Self::Starting => &[Self::Running, Self::Stopped, Self::Deleting],
            Self::Running => &[Self::Stopping, Self::Stopped, Self::Deleting],
            Self::Stopping => &[Self::Stopped, Self::Deleting],
            // A job that is tried again makes it after all.
            Self::Failed => &[Self::Stopped, Self::Deleting],
            Self::Deleting => &[],
        }
    }

    /// Whether `next` may follow.
    pub fn may_become(self, next: Self) -> bool {
        self.followers().contains(&next)
    }

    /// Whether a sandbox may be running for it.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }
}

impl fmt::Display for ContainerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ContainerState {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| {
                let words = Self::ALL.map(Self::as_str).join(", ");
                Invalid::new("container state", text, format!("expected one of {words}"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in ContainerState::ALL {
            assert_eq!(state.as_str().parse::<ContainerState>().unwrap(), state);
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert!("gone".parse::<ContainerState>().is_err());
    }

    #[test]
    fn every_state_leads_to_the_end_and_none_back_from_it() {
        for state in ContainerState::ALL {
            let ends = state == ContainerState::Deleting;
            assert_eq!(state.may_become(ContainerState::Deleting), !ends);
            assert!(!state.may_become(state));
        }
        assert!(!ContainerState::Stopped.may_become(ContainerState::Running));
        assert!(!ContainerState::Failed.may_become(ContainerState::Starting));
    }
}
