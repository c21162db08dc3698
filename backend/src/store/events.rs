//! The events: an outbox, numbered without gaps.

use std::collections::BTreeMap;

use ctnr_model::{Event, EventAction, EventSubject};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use tokio::sync::{broadcast, watch};

use super::connect::Store;
use super::error::{Result, StoreError};
use super::time::{from_column, to_column};

/// An event that has no number yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened.
    pub time: Timestamp,
    /// What it happened to.
    pub subject: EventSubject,
    /// What happened.
    pub action: EventAction,
    /// The id of the sandbox or job, or the reference of the image.
    pub id: String,
    /// More about it.
    pub attributes: BTreeMap<String, String>,
}

/// What a process tells the others of a commit, so that they need not wait for their next look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The number of its last event.
    pub latest_event: u64,
    /// Whether it changed jobs.
    pub changed_jobs: bool,
    /// The ids of the jobs that it put in the queue.
    pub queued: Vec<String>,
}

impl Store {
    /// Records events that tell no change of a row.
    pub async fn append_events(&self, events: &[NewEvent]) -> Result<()> {
        const DOING: &str = "recording events";
        let transaction = self.begin(DOING).await?;
        self.commit_with(transaction, events, DOING).await
    }

    /// Commits a transaction together with the events that tell of it, and wakes the listeners.
    pub(super) async fn commit_with(
        &self,
        mut transaction: Transaction<'static, Any>,
        events: &[NewEvent],
        doing: &'static str,
    ) -> Result<()> {
        let failed = StoreError::while_doing(doing);
        let latest = if events.is_empty() {
            None
        } else {
            Some(insert(&mut transaction, events).await.map_err(&failed)?)
        };
        transaction.commit().await.map_err(&failed)?;
        if let Some(latest) = latest {
            self.saw_event(latest);
        }
        let jobs: Vec<&NewEvent> = events
            .iter()
            .filter(|event| event.subject == EventSubject::Job)
            .collect();
        if !jobs.is_empty() {
            self.wake_jobs();
        }
        if let Some(latest) = latest {
            let queued = jobs
                .iter()
                .filter(|event| matches!(event.action, EventAction::Create | EventAction::Retry))
                .map(|event| event.id.clone());
            // Nobody need be listening.
            let _ = self.commits.send(Commit {
                latest_event: latest,
                changed_jobs: !jobs.is_empty(),
                queued: queued.collect(),
            });
        }
        Ok(())
    }

    /// What this process commits from here on.
    pub fn watch_commits(&self) -> broadcast::Receiver<Commit> {
        self.commits.subscribe()
    }

    /// Wakes the listeners of this process, since another one is known to have written the event
    /// of this number.
    pub fn wake_events(&self, latest: u64) {
        self.saw_event(latest);
    }

    /// Up to `limit` events behind number `after`, in order. What was pruned is left out.
    pub async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<Event>> {
        let events: Vec<Event> = sqlx::query(
            "SELECT sequence, time, subject, action, id, attributes FROM events \
             WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        )
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("reading events"))?
        .iter()
        .map(read)
        .collect::<Result<_>>()?;
        if let Some(last) = events.last() {
            self.saw_event(last.sequence);
        }
        Ok(events)
    }

    /// The number of the latest event, 0 where there was none.
    pub async fn read_latest_event(&self) -> Result<u64> {
        let failed = StoreError::while_doing("reading the number of the latest event");
        let row = sqlx::query("SELECT sequence FROM event_head WHERE id = 1")
            .fetch_one(&self.readers)
            .await
            .map_err(&failed)?;
        let sequence: i64 = row.try_get(0).map_err(failed)?;
        Ok(u64::try_from(sequence).unwrap_or(0))
    }

    /// Wakes whenever this process knows of a later event. Other processes' events are found by
    /// reading.
    pub fn watch_events(&self) -> watch::Receiver<u64> {
        self.latest_event.subscribe()
    }

    /// Deletes all but the `keep` latest events.
    pub async fn prune_events(&self, keep: u32) -> Result<()> {
        sqlx::query(
            "DELETE FROM events WHERE sequence <= \
             (SELECT sequence FROM event_head WHERE id = 1) - $1",
        )
        .bind(i64::from(keep))
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing("pruning events"))?;
        Ok(())
    }

    fn saw_event(&self, sequence: u64) {
        self.latest_event.send_if_modified(|latest| {
            let later = sequence > *latest;
            *latest = sequence.max(*latest);
            later
        });
    }
}

/// Numbers the events and writes them; returns the last number.
async fn insert(
    transaction: &mut Transaction<'static, Any>,
    events: &[NewEvent],
) -> sqlx::Result<u64> {
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let row = sqlx::query(
        "UPDATE event_head SET sequence = sequence + $1 WHERE id = 1 RETURNING sequence",
    )
    .bind(count)
    .fetch_one(&mut **transaction)
    .await?;
    let last: i64 = row.try_get(0)?;

    let places: Vec<String> = (0..events.len())
        .map(|index| {
            let numbers: Vec<String> = (1..=6).map(|n| format!("${}", index * 6 + n)).collect();
            format!("({})", numbers.join(", "))
        })
        .collect();
    let mut statement = sqlx::query(AssertSqlSafe(format!(
        "INSERT INTO events (sequence, time, subject, action, id, attributes) VALUES {}",
        places.join(", ")
    )));
    for (sequence, event) in (last - count + 1..).zip(events) {
        statement = statement
            .bind(sequence)
            .bind(to_column(event.time))
            .bind(word(&event.subject)?)
            .bind(word(&event.action)?)
            .bind(event.id.clone())
            .bind(serde_json::to_string(&event.attributes).map_err(encoding)?);
    }
    statement.execute(&mut **transaction).await?;
    Ok(u64::try_from(last).unwrap_or(0))
}

fn read(row: &AnyRow) -> Result<Event> {
    let failed = |error| StoreError::damaged("an event", error);
    let sequence: i64 = row.try_get(0).map_err(failed)?;
    let damaged =
        |error: serde_json::Error| StoreError::damaged(format!("event {sequence}"), error);
    let text = |index: usize| row.try_get::<String, _>(index).map_err(failed);
    Ok(Event {
        sequence: u64::try_from(sequence).unwrap_or(0),
        time: from_column(row.try_get(1).map_err(failed)?),
        subject: serde_json::from_value(text(2)?.into()).map_err(damaged)?,
        action: serde_json::from_value(text(3)?.into()).map_err(damaged)?,
        id: text(4)?,
        attributes: serde_json::from_str(&text(5)?).map_err(damaged)?,
    })
}

/// The word that serde writes for an enum's variant.
fn word<T: serde::Serialize>(value: &T) -> sqlx::Result<String> {
    let value = serde_json::to_value(value).map_err(encoding)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn encoding(error: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Encode(error.into())
}
