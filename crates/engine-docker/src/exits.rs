//! The ends of programs, from the daemon's events.
//!
//! Events tell them at once; after each (re)connection the sandboxes are listed as well, so that
//! an end that fell between two connections is told too. A slow listener gets the latest end of
//! each sandbox, since ends wait for it keyed by sandbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptions;
use ctnr_engine::{Observed, Result, SandboxExit, Stream};
use ctnr_model::{SandboxId, SandboxState, SandboxStatus};
use futures::StreamExt;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::engine::Shared;
use crate::lock::lock;
use crate::owner;
use crate::status::exit_of;

/// The first and the longest pause before the daemon is asked again.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Ends that the listener has not taken yet.
#[derive(Debug, Default)]
struct Waiting {
    exits: Mutex<HashMap<SandboxId, SandboxExit>>,
    changed: Notify,
}

/// What has been told, so that nothing is told twice.
struct Told {
    /// Ends up to here were before the listener came.
    since: Timestamp,
    last: HashMap<SandboxId, Timestamp>,
}

/// Ends from here on.
pub(crate) fn listen(shared: Arc<Shared>) -> Stream<SandboxExit> {
    let waiting = Arc::new(Waiting::default());
    let told = Told {
        since: Timestamp::now(),
        last: HashMap::new(),
    };
    // The listener's dropping its stream ends the task.
    let task = tokio::spawn(watch(shared, Arc::downgrade(&waiting), told));
    let abort = AbortOnDrop(task.abort_handle());
    futures::stream::unfold((waiting, abort), |(waiting, abort)| async move {
        loop {
            let next = {
                let mut exits = lock(&waiting.exits);
                let id = exits.keys().next().cloned();
                id.and_then(|id| exits.remove(&id))
            };
            match next {
                Some(exit) => return Some((exit, (waiting, abort))),
                // A change since the look above has left its permit.
                None => waiting.changed.notified().await,
            }
        }
    })
    .boxed()
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn watch(shared: Arc<Shared>, waiting: Weak<Waiting>, mut told: Told) {
    let mut pause = PAUSE;
    loop {
        let connected = Timestamp::now();
        if let Err(error) = follow(&shared, &waiting, &mut told).await {
            tracing::warn!(%error, "the daemon's events were lost; connecting again");
        }
        if waiting.strong_count() == 0 {
            return;
        }
        if Timestamp::now().duration_since(connected).as_secs() > 60 {
            pause = PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Tells ends until the connection is lost.
async fn follow(shared: &Shared, waiting: &Weak<Waiting>, told: &mut Told) -> Result<()> {
    let mut filters = shared.owner.filter();
    filters.insert("type".to_owned(), vec!["container".to_owned()]);
    filters.insert("event".to_owned(), vec!["die".to_owned()]);
    let options = EventsOptions {
        // The daemon keeps some of the past; asking for a second of it covers the time until this
        // request is heard.
        since: Some((Timestamp::now().as_second() - 1).to_string()),
        until: None,
        filters: Some(filters),
    };
    let mut events = Box::pin(shared.daemon.api().events(Some(options)));
    let mut listing = Box::pin(shared.list());
    let mut listed = false;
    loop {
        tokio::select! {
            found = &mut listing, if !listed => {
                listed = true;
                for Observed { id, status, .. } in found? {
                    if status.exit.is_some() && told.is_new(&id, &status) {
                        put(waiting, SandboxExit { id, status });
                    }
                }
            }
            event = events.next() => match event {
                Some(Ok(event)) => {
                    if let Some(exit) = exit(shared, &event).await
                        && told.is_new(&exit.id, &exit.status)
                    {
                        put(waiting, exit);
                    }
                }
                Some(Err(error)) => {
                    return Err(crate::failure::failed("following the daemon's events", error));
                }
                None => return Ok(()),
            },
        }
    }
}

fn put(waiting: &Weak<Waiting>, exit: SandboxExit) {
    if let Some(waiting) = waiting.upgrade() {
        lock(&waiting.exits).insert(exit.id.clone(), exit);
        waiting.changed.notify_one();
    }
}

impl Told {
    /// Whether this end has not been told; remembers it.
    fn is_new(&mut self, id: &SandboxId, status: &SandboxStatus) -> bool {
        let Some(finished) = status.finished_at else {
            return false;
        };
        let last = self.last.get(id).copied().unwrap_or(self.since);
        if finished <= last {
            return false;
        }
        self.last.insert(id.clone(), finished);
        true
    }
}

/// The end that an event is about. The container may run again or be gone by the time it is
/// looked at; then the event alone says how it ended.
async fn exit(shared: &Shared, event: &EventMessage) -> Option<SandboxExit> {
    let attributes = event.actor.as_ref()?.attributes.as_ref()?;
    let id = owner::sandbox_of(attributes)?;
    if let Ok(status) = shared.status(&id).await
        && status.exit.is_some()
    {
        return Some(SandboxExit { id, status });
    }
    let code = attributes
        .get("exitCode")
        .and_then(|code| code.parse().ok());
    let finished = event
        .time_nano
        .and_then(|nanos| Timestamp::from_nanosecond(nanos.into()).ok())?;
    Some(SandboxExit {
        id,
        status: SandboxStatus {
            state: SandboxState::Exited,
            pid: None,
            started_at: None,
            finished_at: Some(finished),
            exit: Some(exit_of(code, false)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_once() {
        let since = Timestamp::from_second(100).unwrap();
        let mut told = Told {
            since,
            last: HashMap::new(),
        };
        let id = SandboxId::from_random([1; 32]);
        let status = |second| SandboxStatus {
            state: SandboxState::Exited,
            pid: None,
            started_at: None,
            finished_at: Some(Timestamp::from_second(second).unwrap()),
            exit: Some(exit_of(Some(0), false)),
        };
        assert!(!told.is_new(&id, &status(99)), "it was before the listener");
        assert!(told.is_new(&id, &status(101)));
        assert!(!told.is_new(&id, &status(101)));
        assert!(told.is_new(&id, &status(102)));
    }
}
