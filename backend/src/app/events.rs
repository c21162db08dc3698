//! The events, as they come.

use std::collections::VecDeque;
use std::time::Duration;

use ctnr_engine::Stream;
use ctnr_model::Event;
use futures::StreamExt;

use super::{App, EventFilter, Result};

/// How many events are read at once.
const BATCH: u32 = 256;

/// How often the database is asked for events of other processes, which wake nobody here.
const POLL: Duration = Duration::from_secs(1);

impl App {
    /// The number of the latest event, behind which one who has seen none goes on.
    pub async fn latest_event(&self) -> Result<u64> {
        Ok(self.inner.store.read_latest_event().await?)
    }

    /// The events behind number `after` as far as they are kept, and then what comes; without
    /// `after`, only what comes. The stream ends after an error; go on with the last number seen.
    pub async fn events(
        &self,
        after: Option<u64>,
        filter: EventFilter,
    ) -> Result<Stream<Result<Event>>> {
        let after = match after {
            Some(after) => after,
            None => self.inner.store.read_latest_event().await?,
        };
        let source = Source {
            app: self.clone(),
            woken: self.inner.store.watch_events(),
            after,
            read: VecDeque::new(),
            failed: false,
        };
        let events = futures::stream::unfold(source, Source::next)
            .filter(move |event| {
                let wanted = event.as_ref().map_or(true, |event| filter.admits(event));
                std::future::ready(wanted)
            })
            .boxed();
        Ok(events)
    }
}

struct Source {
    app: App,
    woken: tokio::sync::watch::Receiver<u64>,
    after: u64,
    read: VecDeque<Event>,
    failed: bool,
}

impl Source {
    async fn next(mut self) -> Option<(Result<Event>, Self)> {
        loop {
            if self.failed {
                return None;
            }
            if let Some(event) = self.read.pop_front() {
                self.after = event.sequence;
                return Some((Ok(event), self));
            }
            // Marked as seen before the read, so that what is written during it wakes the wait.
            self.woken.borrow_and_update();
            match self.app.inner.store.events_after(self.after, BATCH).await {
                Ok(events) => self.read.extend(events),
                Err(error) => {
                    self.failed = true;
                    return Some((Err(error.into()), self));
                }
            }
            if !self.read.is_empty() {
                continue;
            }
            tokio::select! {
                () = self.app.inner.closing.cancelled() => return None,
                _ = self.woken.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}
