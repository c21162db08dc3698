//! Making the database say what an engine says of a sandbox.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use ctnr_model::{
    EventAction, EventSubject, PublishedPort, SandboxId, SandboxState, SandboxStatus,
};
use jiff::Timestamp;

use super::App;
use super::locks::Locked;
use crate::store::{NewEvent, Phase, SandboxRow, StoreError};

/// What an engine says of a sandbox.
pub(super) struct Observation {
    pub(super) status: SandboxStatus,
    /// `None` where the engine did not say.
    pub(super) ports: Option<Vec<PublishedPort>>,
}

impl App {
    /// Records an observation, with the events that lead from what was recorded to it, and then
    /// those of `because`. Nothing is written where there is nothing to tell. The sandbox's lock is
    /// held, so that no other change comes in between.
    ///
    /// Returns the row as it is then; `None` for a sandbox that does not exist, or not yet.
    pub(super) async fn settle(
        &self,
        id: &SandboxId,
        seen: Observation,
        because: &[EventAction],
        _lock: &Locked<SandboxId>,
    ) -> Result<Option<SandboxRow>, StoreError> {
        let Some(mut row) = self.inner.store.sandbox(id).await? else {
            return Ok(None);
        };
        if row.phase == Phase::Creating {
            return Ok(None);
        }
        let Some(passed) = transitions(&row.status, &seen.status) else {
            return Ok(Some(row));
        };
        let before = row.clone();
        row.status = seen.status;
        if let Some(ports) = seen.ports {
            row.ports = ports;
        }
        if row == before && because.is_empty() {
            return Ok(Some(row));
        }
        let events: Vec<NewEvent> = passed
            .into_iter()
            .chain(because.iter().map(|action| (*action, Timestamp::now())))
            .map(|(action, time)| tell(&row, action, time))
            .collect();
        self.inner
            .store
            .record_status(id, &row.status, &row.ports, &events)
            .await?;
        Ok(Some(row))
    }

    /// Does a database operation until it succeeds, the database refuses it, or the platform stops.
    pub(super) async fn retry<T, F>(&self, doing: &str, mut attempt: impl FnMut() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut pause = Duration::from_millis(100);
        loop {
            match attempt().await {
                Ok(value) => return Some(value),
                Err(error @ (StoreError::Unavailable { .. } | StoreError::Full { .. })) => {
                    tracing::warn!(%error, "{doing} is tried again in {pause:?}");
                }
                Err(error) => {
                    tracing::error!(%error, "{doing} failed");
                    return None;
                }
            }
            tokio::select! {
                () = self.inner.stopping.cancelled() => return None,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}

/// What happened between two states, in order. `None` where the later one is old news: the end of
/// a run before the one that is recorded.
fn transitions(
    recorded: &SandboxStatus,
    seen: &SandboxStatus,
) -> Option<Vec<(EventAction, Timestamp)>> {
    let died = |status: &SandboxStatus| {
        (
            EventAction::Die,
            status.finished_at.unwrap_or_else(Timestamp::now),
        )
    };
    let started = |status: &SandboxStatus| {
        (
            EventAction::Start,
            status.started_at.unwrap_or_else(Timestamp::now),
        )
    };
    let ended = seen.state == SandboxState::Exited;
    match (recorded.state.is_alive(), seen.state.is_alive()) {
        (true, false) if ended && seen.finished_at < recorded.started_at => None,
        (true, false) => Some(vec![died(seen)]),
        (false, true) => Some(vec![started(seen)]),
        (true, true) if seen.started_at > recorded.started_at => {
            Some(vec![died(seen), started(seen)])
        }
        (true, true) => Some(Vec::new()),
        (false, false) if seen.finished_at < recorded.finished_at => None,
        (false, false) if ended && recorded.state != SandboxState::Exited => Some(vec![died(seen)]),
        (false, false) => Some(Vec::new()),
    }
}

/// An event about a sandbox.
pub(super) fn tell(row: &SandboxRow, action: EventAction, time: Timestamp) -> NewEvent {
    let mut attributes = BTreeMap::from([
        ("name".to_owned(), row.spec.name.to_string()),
        ("image".to_owned(), row.spec.image.familiar()),
        ("engine".to_owned(), row.engine.to_string()),
    ]);
    if let (EventAction::Die, Some(exit)) = (action, row.status.exit) {
        attributes.insert("exitCode".to_owned(), exit.code.to_string());
    }
    NewEvent {
        time,
        subject: EventSubject::Sandbox,
        action,
        id: row.spec.id.to_string(),
        attributes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: SandboxState, started: i64, finished: Option<i64>) -> SandboxStatus {
        let at = |second| Timestamp::from_second(second).unwrap();
        SandboxStatus {
            state,
            pid: None,
            started_at: Some(at(started)),
            finished_at: finished.map(at),
            exit: None,
        }
    }

    #[test]
    fn what_happened_is_told_once_and_in_order() {
        use EventAction::{Die, Start};
        use SandboxState::{Exited, Running};
        let running = status(Running, 10, None);
        let exited = status(Exited, 10, Some(20));
        for (recorded, seen, told) in [
            (&running, &exited, Some(vec![Die])),
            (&exited, &exited, Some(vec![])),
            (&running, &running, Some(vec![])),
            (&exited, &status(Running, 30, None), Some(vec![Start])),
            (
                &running,
                &status(Running, 30, Some(20)),
                Some(vec![Die, Start]),
            ),
            (&status(Running, 30, Some(20)), &exited, None),
            (&status(Exited, 30, Some(40)), &exited, None),
        ] {
            let actions = transitions(recorded, seen).map(|events| {
                events
                    .into_iter()
                    .map(|(action, _)| action)
                    .collect::<Vec<_>>()
            });
            assert_eq!(actions, told, "{recorded:?} to {seen:?}");
        }
    }
}
