//! The life of a job.
//!
//! ```text
//!          claim            done
//!  queued ───────▶ running ──────▶ succeeded
//!    ▲  │            │ │ │  refused for good
//!    │  │  try again │ │ └────────▶ failed ──┐
//!    │◀─┼────────────┘ │ out of attempts     │ retry on request
//!    │  │ cancel       └──────────▶ dead ────┤
//!    │  └──────────▶ cancelled ◀── cancel    │
//!    └────────────────────┴──────────────────┘
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::invalid::string_conversions;

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// Somebody holds its lease and works on it.
    Running,
    /// It was done.
    Succeeded,
    /// It can't be done, and trying again would not help.
    Failed,
    /// It was tried as often as it may be: a dead letter.
    Dead,
    /// It was called off.
    Cancelled,
}

impl JobState {
    /// All states, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Dead,
        Self::Cancelled,
    ];

    /// The word of the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will be done, unless a retry is asked for.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// Whether a job in this state can be put in the queue again on request.
    pub fn can_be_retried(self) -> bool {
        matches!(self, Self::Failed | Self::Dead | Self::Cancelled)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for JobState {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| {
                Invalid::new(
                    "job state",
                    text,
                    "expected queued, running, succeeded, failed, dead or cancelled",
                )
            })
    }
}

/// What a job does, in a word such as `create` or `runtime_build`. It is open, so that a program
/// can keep and show the jobs of a later one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobKind(String);

impl JobKind {
    /// Reads a kind.
    ///
    /// # Errors
    /// [`Invalid`] unless the text is 1 to 64 lower-case letters, digits and `_`, a letter first.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let starts_well = text.starts_with(|first: char| first.is_ascii_lowercase());
        let goes_well = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if starts_well && goes_well && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "job kind",
                text,
                "expected up to 64 lower-case letters, digits and '_', beginning with a letter",
            ))
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

string_conversions!(JobKind);

/// How far a job has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobProgress {
    /// What is done, in the unit of `total`.
    pub done: u64,
    /// What there is to do; missing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What is being done, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl JobProgress {
    /// A step without a measure.
    pub fn step(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in JobState::ALL {
            assert_eq!(state.as_str().parse::<JobState>().unwrap(), state);
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert!(!state.can_be_retried() || state.is_over());
        }
        assert!("done".parse::<JobState>().is_err());
    }

    #[test]
    fn kinds_are_plain_words() {
        assert!(JobKind::parse("runtime_build").is_ok());
        for bad in ["", "1st", "Create", "a-b", "a b", &"a".repeat(65)] {
            assert!(JobKind::parse(bad).is_err(), "{bad}");
        }
    }
}
