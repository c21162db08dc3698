//! Telling the other processes of commits, so that they need not wait for their next look.

use std::time::Duration;

use ctnr_model::JobId;
use futures::StreamExt;
use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use tokio::sync::broadcast::error::RecvError;

use super::connection::RedisAddress;
use super::{AWAY, COMMITS, QUEUE, message};
use crate::store::{Commit, Store};

/// How often a connection that only listens is asked whether it lives.
const PING_EVERY: Duration = Duration::from_secs(15);

/// Tells what this process commits: jobs on the list, and every commit on the channel. What is
/// committed while Redis is away is found by polling.
pub(super) async fn tell_commits(address: &RedisAddress, store: &Store) {
    let mut commits = store.watch_commits();
    let mut connection = address.connect().await;
    loop {
        match commits.recv().await {
            Ok(commit) => {
                if let Err(error) = tell(&mut connection, &commit).await {
                    tracing::debug!(%error, "a commit could not be told over Redis");
                    connection = address.connect().await;
                    // What came in the meantime is old news.
                    commits = commits.resubscribe();
                }
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

async fn tell(connection: &mut MultiplexedConnection, commit: &Commit) -> RedisResult<()> {
    let mut pipe = redis::pipe();
    for job in commit.queued.iter().filter_map(|id| JobId::parse(id).ok()) {
        pipe.cmd("LPUSH").arg(QUEUE).arg(message::notice(&job));
    }
    let word = if commit.changed_jobs {
        "jobs"
    } else {
        "events"
    };
    pipe.cmd("PUBLISH")
        .arg(COMMITS)
        .arg(format!("{word} {}", commit.latest_event));
    pipe.exec_async(connection).await
}

/// Wakes the listeners of this process when another tells of a commit.
pub(super) async fn heed_commits(address: &RedisAddress, store: &Store) {
    loop {
        // The connection of a subscription is of another kind, so reachability is asked first.
        drop(address.connect().await);
        if let Err(error) = heed(address, store).await {
            tracing::debug!(%error, "listening to Redis failed; events are found by polling");
        }
        tokio::time::sleep(AWAY).await;
    }
}

async fn heed(address: &RedisAddress, store: &Store) -> RedisResult<()> {
    let (mut sink, mut messages) = address.client().get_async_pubsub().await?.split();
    sink.subscribe(COMMITS).await?;
    loop {
        let Ok(message) = tokio::time::timeout(PING_EVERY, messages.next()).await else {
            sink.ping::<redis::Value>().await?;
            continue;
        };
        let Some(message) = message else {
            return Ok(());
        };
        let text: String = message.get_payload()?;
        if let Some((word, number)) = text.split_once(' ')
            && let Ok(number) = number.parse()
        {
            store.wake_events(number);
            if word == "jobs" {
                store.wake_jobs();
            }
        }
    }
}
