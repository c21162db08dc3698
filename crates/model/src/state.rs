//! The life of a sandbox.
//!
//! ```text
//!            start              exit, stop
//!  created ─────────▶ running ─────────────▶ exited
//!                        ▲                      │
//!                        └──────────────────────┘
//!                               restart
//!  any state ── delete ──▶ (gone)
//! ```

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of a sandbox, with Docker's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SandboxState {
    /// Recorded, and its program not started.
    Created,
    /// Its program runs.
    Running,
    /// Its program is frozen.
    Paused,
    /// Its program ended, or was stopped.
    Exited,
}

impl SandboxState {
    /// Docker's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Exited => "exited",
        }
    }

    /// Whether the sandbox has living processes.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

impl fmt::Display for SandboxState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for SandboxState {
    type Err = crate::Invalid;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Created, Self::Running, Self::Paused, Self::Exited]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| {
                crate::Invalid::new("state", text, "expected created, running, paused or exited")
            })
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitStatus {
    /// The exit code as shells give it: 128 and the signal's number where a signal ended it.
    pub code: i32,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether the memory limit ended it.
    pub oom_killed: bool,
}

impl ExitStatus {
    /// A program that ended by itself.
    pub fn exited(code: i32) -> Self {
        Self {
            code,
            signal: None,
            oom_killed: false,
        }
    }

    /// A program that a signal ended.
    pub fn signaled(signal: i32) -> Self {
        Self {
            code: 128 + signal,
            signal: Some(signal),
            oom_killed: false,
        }
    }
}

/// A sandbox's state with what is known of it, as an engine observes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxStatus {
    /// The state.
    pub state: SandboxState,
    /// The process id, on the host, of the sandbox's first process while it lives.
    pub pid: Option<u32>,
    /// When the program was last started.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub finished_at: Option<Timestamp>,
    /// How it last ended.
    pub exit: Option<ExitStatus>,
}

impl SandboxStatus {
    /// Docker's sentence: `Up 10 seconds`, `Exited (0) 2 minutes ago`, `Created`.
    pub fn sentence(&self, at: Timestamp) -> String {
        let since = |then: Option<Timestamp>| {
            let seconds = then.map_or(0, |then| at.as_second() - then.as_second());
            human_duration(seconds.max(0))
        };
        match self.state {
            SandboxState::Created => "Created".to_owned(),
            SandboxState::Running => format!("Up {}", since(self.started_at)),
            SandboxState::Paused => format!("Up {} (Paused)", since(self.started_at)),
            SandboxState::Exited => {
                let code = self.exit.map_or(0, |exit| exit.code);
                format!("Exited ({code}) {} ago", since(self.finished_at))
            }
        }
    }
}

/// A duration in Docker's words (`units.HumanDuration`).
fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        0 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..MINUTE => format!("{seconds} seconds"),
        MINUTE..120 => "About a minute".to_owned(),
        120..HOUR => format!("{} minutes", seconds / MINUTE),
        HOUR..7_200 => "About an hour".to_owned(),
        7_200..172_800 => format!("{} hours", seconds / HOUR),
        172_800..1_209_600 => format!("{} days", seconds / DAY),
        1_209_600..5_184_000 => format!("{} weeks", seconds / (7 * DAY)),
        5_184_000..63_072_000 => format!("{} months", seconds / (30 * DAY)),
        _ => format!("{} years", seconds / (365 * DAY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_dockers() {
        let start = Timestamp::from_second(1_000).unwrap();
        let running = SandboxStatus {
            state: SandboxState::Running,
            pid: Some(1),
            started_at: Some(start),
            finished_at: None,
            exit: None,
        };
        for (seconds, sentence) in [
            (0, "Up Less than a second"),
            (10, "Up 10 seconds"),
            (60, "Up About a minute"),
            (7_300, "Up 2 hours"),
        ] {
            let at = Timestamp::from_second(1_000 + seconds).unwrap();
            assert_eq!(running.sentence(at), sentence);
        }
        let exited = SandboxStatus {
            state: SandboxState::Exited,
            pid: None,
            finished_at: Some(start),
            exit: Some(ExitStatus::signaled(9)),
            ..running
        };
        assert_eq!(
            exited.sentence(Timestamp::from_second(1_180).unwrap()),
            "Exited (137) 3 minutes ago"
        );
    }
}
