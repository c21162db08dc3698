//! Taking items from the list.
//!
//! ```text
//!  containers:create ──BLMOVE──▶ …:processing:ME ──row committed──▶ (removed)
//!         ▲                            │ └─────────can't be read──▶ …:dead
//!         └────consumer ME is gone─────┘
//! ```

use std::time::{Duration, Instant};

use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::connection::RedisAddress;
use super::message::{self, Message, RequestContainer};
use super::{AWAY, CONSUMER, DEAD, PROCESSING, QUEUE, orphans};
use crate::jobs::Job;
use crate::jobs::runner::WORKER_PATIENCE;
use crate::store::{NewJob, Store, StoreError};

/// How long one take waits for an item.
const WAIT_SECONDS: f64 = 2.0;

/// How long a consumer that does not say that it lives counts as living.
const CONSUMER_SECONDS: u64 = 30;

/// How often a consumer says that it lives, and looks for those that do not.
const ALIVE_EVERY: Duration = Duration::from_secs(8);

/// How many items that can't be read are kept.
const DEAD_KEPT: isize = 10_000;

/// The longest part of an item that is kept among the dead, in characters.
const DEAD_SHOWN: usize = 64 * 1024;

/// A consumer of the list.
pub(super) struct Inbox<'a> {
    address: &'a RedisAddress,
    store: &'a Store,
    yields_to_workers: bool,
    name: String,
    said_alive: Option<Instant>,
}

impl<'a> Inbox<'a> {
    pub(super) fn new(
        address: &'a RedisAddress,
        store: &'a Store,
        yields_to_workers: bool,
    ) -> Self {
        Self {
            address,
            store,
            yields_to_workers,
            name: format!("{:032x}", rand::random::<u128>()),
            said_alive: None,
        }
    }

    /// Takes items for ever.
    pub(super) async fn take(mut self) {
        loop {
            let mut connection = self.address.connect().await;
            self.said_alive = None;
            let error = loop {
                if let Err(error) = self.take_one(&mut connection).await {
                    break error;
                }
            };
            if error.code() == Some("WRONGTYPE") {
                tracing::error!(
                    "{QUEUE} in Redis is not a list; delete the key, and write requests with LPUSH"
                );
            } else {
                tracing::warn!(%error, "taking requests from Redis failed; trying again");
            }
            tokio::time::sleep(AWAY).await;
        }
    }

    async fn take_one(&mut self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        if self.yields_to_workers && self.has_workers().await {
            tokio::time::sleep(AWAY).await;
            return Ok(());
        }
        if self
            .said_alive
            .is_none_or(|said| said.elapsed() > ALIVE_EVERY)
        {
            self.say_alive(connection).await?;
            orphans::hand_back(connection).await?;
            self.said_alive = Some(Instant::now());
        }
        let item: Option<Vec<u8>> = redis::cmd("BLMOVE")
            .arg(QUEUE)
            .arg(self.processing())
            .arg("RIGHT")
            .arg("LEFT")
            .arg(WAIT_SECONDS)
            .query_async(connection)
            .await?;
        match item {
            Some(item) => self.handle(connection, &item).await,
            None => Ok(()),
        }
    }

    async fn has_workers(&self) -> bool {
        let workers = self.store.workers_seen(WORKER_PATIENCE).await;
        workers.is_ok_and(|workers| !workers.is_empty())
    }

    async fn say_alive(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        redis::cmd("SET")
            .arg(format!("{CONSUMER}{}", self.name))
            .arg(1)
            .arg("EX")
            .arg(CONSUMER_SECONDS)
            .exec_async(connection)
            .await
    }

    async fn handle(&self, connection: &mut MultiplexedConnection, item: &[u8]) -> RedisResult<()> {
        match message::read(item) {
            Ok(Message::Waits) => self.store.wake_jobs(),
            Ok(Message::Request { container, key }) => {
                let request = RequestContainer {
                    container: *container,
                };
                if let Err(reason) = self.commit(connection, &request, key).await? {
                    return self.bury(connection, item, &reason).await;
                }
            }
            Err(reason) => return self.bury(connection, item, &reason).await,
        }
        redis::cmd("LREM")
            .arg(self.processing())
            .arg(1)
            .arg(item)
            .exec_async(connection)
            .await
    }

    /// Commits a request as a job, as often as it takes while the database is away.
    async fn commit(
        &self,
        connection: &mut MultiplexedConnection,
        request: &RequestContainer,
        key: String,
    ) -> RedisResult<Result<(), String>> {
        let job = match request.to_row() {
            Ok(job) => NewJob {
                idempotency_key: Some(key),
                ..job
            },
            Err(error) => return Ok(Err(error.to_string())),
        };
        loop {
            match self.store.enqueue_job(&job).await {
                Ok(enqueued) => {
                    let (job, is_new) = (enqueued.job, enqueued.is_new);
                    tracing::info!(
                        job = job.id.short(),
                        is_new,
                        "a request was taken from Redis"
                    );
                    return Ok(Ok(()));
                }
                Err(error @ (StoreError::Unavailable { .. } | StoreError::Full { .. })) => {
                    tracing::warn!(%error, "a request from Redis waits for the database");
                    tokio::time::sleep(AWAY).await;
                    // Still alive, so that nobody else takes the item over.
                    self.say_alive(connection).await?;
                }
                Err(error) => return Ok(Err(error.to_string())),
            }
        }
    }

    /// Puts an item among the dead, with the reason. Both lists change at once.
    async fn bury(
        &self,
        connection: &mut MultiplexedConnection,
        item: &[u8],
        reason: &str,
    ) -> RedisResult<()> {
        tracing::warn!(
            reason,
            "an item of {QUEUE} can't be done; it goes to {DEAD}"
        );
        let text = String::from_utf8_lossy(item);
        let shown: String = text.chars().take(DEAD_SHOWN).collect();
        let dead = serde_json::json!({
            "reason": reason,
            "payload": shown,
            "time": jiff::Timestamp::now(),
        });
        redis::pipe()
            .atomic()
            .cmd("LPUSH")
            .arg(DEAD)
            .arg(dead.to_string())
            .cmd("LTRIM")
            .arg(DEAD)
            .arg(0)
            .arg(DEAD_KEPT - 1)
            .cmd("LREM")
            .arg(self.processing())
            .arg(1)
            .arg(item)
            .exec_async(connection)
            .await
    }

    fn processing(&self) -> String {
        format!("{PROCESSING}{}", self.name)
    }
}
