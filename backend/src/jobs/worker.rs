//! The worker: claims jobs and has them done by the owners of the hosts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::redis::{self, RedisAddress};
use super::remote::Remote;
use super::runner::{Runner, RunnerConfig};
use crate::store::{Store, WorkerRow};

/// How often a worker says that it is there.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(3);

/// How a worker goes about it.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Its name, which the jobs that it holds show.
    pub name: String,
    /// How many jobs it has under way at once.
    pub concurrency: usize,
    /// Redis, where there is one.
    pub redis: Option<RedisAddress>,
}

/// Works until `stopping` is cancelled, and returns when the attempts under way have ended.
pub async fn work(store: Store, config: WorkerConfig, stopping: CancellationToken) {
    let worker = WorkerRow {
        id: format!("{:032x}", rand::random::<u128>()),
        name: config.name.clone(),
        last_seen: Timestamp::now(),
    };
    let id = worker.id.clone();
    let runner = Runner::new(
        store.clone(),
        Arc::new(Remote::new(store.clone())),
        RunnerConfig {
            name: config.name,
            hosts: None,
            concurrency: config.concurrency,
            yields_to_workers: false,
        },
        stopping.clone(),
    );
    let carrying = async {
        if let Some(address) = config.redis {
            redis::carry(address, store.clone(), false, stopping.clone()).await;
        }
    };
    tokio::join!(runner.run(), carrying, announce(&store, worker, &stopping));
    if let Err(error) = store.forget_worker(&id).await {
        tracing::debug!(%error, "the worker could not sign off; it counts as gone in a few seconds");
    }
}

async fn announce(store: &Store, mut worker: WorkerRow, stopping: &CancellationToken) {
    let mut failing = false;
    loop {
        worker.last_seen = Timestamp::now();
        match store.announce_worker(&worker).await {
            Ok(()) => failing = false,
            Err(error) if failing => tracing::debug!(%error, "the database is away"),
            Err(error) => {
                failing = true;
                tracing::warn!(%error, "the worker can't say that it is there; trying again");
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(ANNOUNCE_EVERY) => {}
        }
    }
}
