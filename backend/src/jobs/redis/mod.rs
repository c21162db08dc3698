//! Redis as a carrier: it brings jobs to workers sooner, takes requests from outside, and tells
//! the processes of the platform of each other's commits.
//!
//! The database is the truth, and Redis may lose everything at any moment: jobs are found by
//! polling, events too. A request from outside counts once its row is committed; until then it
//! stands in a list of Redis, and is handed on again where its consumer dies. `docs/queues.md` is
//! the contract with those outside.

mod connection;
mod inbox;
mod message;
mod orphans;
mod request;
mod wake;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use connection::{RedisAddress, RedisAddressError};
pub use message::RequestContainer;
pub(super) use request::request_container;

use crate::store::Store;
use inbox::Inbox;

/// The list that carries jobs and takes requests.
const QUEUE: &str = "containers:create";
/// Before the name of a consumer: what it has taken and not yet committed.
const PROCESSING: &str = "containers:create:processing:";
/// Before the name of a consumer: there while it lives.
const CONSUMER: &str = "containers:create:consumer:";
/// What can't be read, with the reason.
const DEAD: &str = "containers:create:dead";
/// The channel on which processes tell each other of commits.
const COMMITS: &str = "containers:commits";

/// How long to wait before the next attempt to reach a server that is away.
const AWAY: Duration = Duration::from_secs(1);

/// Runs everything that goes over Redis, until `stopping` is cancelled. `yields_to_workers` leaves
/// the list to workers while there are any.
pub async fn carry(
    address: RedisAddress,
    store: Store,
    yields_to_workers: bool,
    stopping: CancellationToken,
) {
    let work = async {
        tokio::join!(
            wake::tell_commits(&address, &store),
            wake::heed_commits(&address, &store),
            Inbox::new(&address, &store, yields_to_workers).take(),
        );
    };
    tokio::select! {
        _ = work => {}
        () = stopping.cancelled() => {}
    }
}
