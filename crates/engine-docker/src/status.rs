//! The daemon's word for a container's state, as a sandbox's.

use bollard::models::{ContainerState, ContainerStateStatusEnum as Word};
use ctnr_model::{ExitStatus, SandboxState, SandboxStatus};
use jiff::Timestamp;

/// The state of a container. The daemon keeps the exit code alone, so a signal is not told apart
/// from a program that exits with its code; only the memory limit's is known.
pub(crate) fn status_of(state: &ContainerState) -> SandboxStatus {
    let word = state.status.unwrap_or(Word::EMPTY);
    let finished_at = state.finished_at.as_deref().and_then(moment);
    let sandbox_state = match word {
        Word::RUNNING | Word::RESTARTING | Word::STOPPING => SandboxState::Running,
        Word::PAUSED => SandboxState::Paused,
        Word::CREATED | Word::EMPTY => SandboxState::Created,
        Word::EXITED | Word::DEAD | Word::REMOVING => SandboxState::Exited,
    };
    // The daemon takes note of a start a moment after it, which may be after the end.
    let started_at = state.started_at.as_deref().and_then(moment);
    let started_at = match finished_at {
        Some(finished_at) if !sandbox_state.is_alive() => started_at.map(|at| at.min(finished_at)),
        _ => started_at,
    };
    let exit = finished_at.map(|_| exit_of(state.exit_code, state.oom_killed.unwrap_or(false)));
    SandboxStatus {
        state: sandbox_state,
        pid: state
            .pid
            .and_then(|pid| u32::try_from(pid).ok())
            .filter(|pid| *pid != 0 && sandbox_state.is_alive()),
        started_at,
        finished_at,
        exit: exit.filter(|_| !sandbox_state.is_alive()),
    }
}

/// An exit code, and whether the memory limit caused it.
pub(crate) fn exit_of(code: Option<i64>, oom_killed: bool) -> ExitStatus {
    let code = code.and_then(|code| i32::try_from(code).ok()).unwrap_or(-1);
    ExitStatus {
        code,
        signal: (oom_killed && code == 137).then_some(9),
        oom_killed,
    }
}

/// A moment as the daemon writes it; its zero means never.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>()
        .ok()
        .filter(|moment| moment.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_times_are_never() {
        assert_eq!(moment("0001-01-01T00:00:00Z"), None);
        assert!(moment("2026-11-21T19:18:50.253951837Z").is_some());
    }

    #[test]
    fn a_running_container_has_a_pid_and_no_exit() {
        let state = ContainerState {
            status: Some(Word::RUNNING),
            pid: Some(12),
            exit_code: Some(0),
            started_at: Some("2026-11-21T19:18:50Z".into()),
            finished_at: Some("2026-11-21T19:18:40Z".into()),
            ..ContainerState::default()
        };
        let status = status_of(&state);
        assert_eq!((status.pid, status.exit), (Some(12), None));
    }

    #[test]
    fn the_memory_limit_is_told() {
        let state = ContainerState {
            status: Some(Word::EXITED),
            exit_code: Some(137),
            oom_killed: Some(true),
            finished_at: Some("2026-11-21T19:18:40Z".into()),
            ..ContainerState::default()
        };
        let exit = status_of(&state).exit.unwrap();
        assert!(exit.oom_killed);
        assert_eq!((exit.code, exit.signal), (137, Some(9)));
    }
}
