//! Requests from outside, over a real Redis.

use std::net::SocketAddr;
use std::time::Duration;

use backend::jobs::{RedisAddress, carry};
use backend::store::{JobFilter, JobRow, PageRequest, Store};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_util::sync::CancellationToken;

use crate::owner::probe;
use crate::support::{Cable, TestDatabase, eventually};

/// A database of the Redis that `cargo xtask test` starts; each test has a number of its own.
pub(crate) struct TestRedis {
    server: String,
    number: u8,
    direct: MultiplexedConnection,
}

impl TestRedis {
    /// An empty one.
    pub(crate) async fn number(number: u8) -> Self {
        let server = std::env::var("CTNR_TEST_REDIS")
            .expect("CTNR_TEST_REDIS names no Redis; run `cargo xtask test`, which starts one");
        let client = redis::Client::open(format!("{server}/{number}")).unwrap();
        let direct = client.get_multiplexed_async_connection().await.unwrap();
        let this = Self {
            server,
            number,
            direct,
        };
        this.flush().await;
        this
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.server, self.number)
    }

    /// Loses everything.
    pub(crate) async fn flush(&self) {
        let mut connection = self.direct.clone();
        let flushed: () = redis::cmd("FLUSHDB")
            .query_async(&mut connection)
            .await
            .unwrap();
        flushed
    }

    /// From here on its address leads over a cable.
    pub(crate) async fn on_a_cable(&mut self) -> Cable {
        let (_, address) = self.server.split_once("://").unwrap();
        let address: SocketAddr = address.parse().unwrap();
        let cable = Cable::to(address).await;
        self.server = format!("redis://{}", cable.address());
        cable
    }

    async fn push(&self, item: &str) {
        let mut connection = self.direct.clone();
        let _: i64 = connection.lpush("containers:create", item).await.unwrap();
    }

    async fn len(&self, key: &str) -> usize {
        self.direct.clone().llen(key).await.unwrap()
    }

    async fn keys(&self, pattern: &str) -> Vec<String> {
        self.direct.clone().keys(pattern).await.unwrap()
    }
}

/// One who takes from the list, until it is dropped.
struct Taking(CancellationToken);

impl Taking {
    fn begin(redis: &TestRedis, store: &Store) -> Self {
        let stopping = CancellationToken::new();
        let address = RedisAddress::parse(&redis.url()).unwrap();
        tokio::spawn(carry(address, store.clone(), false, stopping.clone()));
        Self(stopping)
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn jobs(store: &Store) -> Vec<JobRow> {
    let (filter, page) = (JobFilter::default(), PageRequest::default());
    store.list_jobs(&filter, &page).await.unwrap().items
}

async fn has_jobs(store: &Store, count: usize) {
    eventually("the requests are rows", || async {
        jobs(store).await.len() == count
    })
    .await;
}

#[tokio::test]
async fn a_request_becomes_a_row_once_however_often_it_comes() {
    let (database, redis) = (TestDatabase::postgres().await, TestRedis::number(3).await);
    let (store, second) = (database.open().await, database.open().await);
    let _taking = [
        Taking::begin(&redis, &store),
        Taking::begin(&redis, &second),
    ];
    for _ in 0..3 {
        redis.push(r#"{"name":"seven-zip"}"#).await;
        redis.push(r#"{"id":"order-1","name":"ripgrep"}"#).await;
    }
    redis.push(r#"{"id":"order-2","name":"ripgrep"}"#).await;
    has_jobs(&store, 3).await;
    eventually("nothing is left on the lists", || async {
        redis.len("containers:create").await == 0
            && redis
                .keys("containers:create:processing:*")
                .await
                .is_empty()
    })
    .await;
    let jobs = jobs(&store).await;
    assert_eq!(jobs.len(), 3);
    assert!(
        jobs.iter()
            .all(|job| job.kind.as_str() == "request_container")
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_with_the_reason() {
    let (database, redis) = (TestDatabase::postgres().await, TestRedis::number(4).await);
    let store = database.open().await;
    let _taking = Taking::begin(&redis, &store);
    redis.push("not json").await;
    redis.push(r#"{"folow":"x"}"#).await;
    redis.push(r#"{"name":"good"}"#).await;
    has_jobs(&store, 1).await;
    eventually("the bad ones are among the dead", || async {
        redis.len("containers:create:dead").await == 2
    })
    .await;
    let mut direct = redis.direct.clone();
    let dead: Vec<String> = direct
        .lrange("containers:create:dead", 0, -1)
        .await
        .unwrap();
    let dead: Vec<serde_json::Value> = dead
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    assert_eq!(dead[1]["payload"], "not json");
    assert!(dead[0]["reason"].as_str().unwrap().contains("folow"));
}

#[tokio::test]
async fn what_a_dead_consumer_had_taken_is_handed_on() {
    let (database, redis) = (TestDatabase::postgres().await, TestRedis::number(5).await);
    let store = database.open().await;
    let mut direct = redis.direct.clone();
    let key = "containers:create:processing:gone";
    let _: i64 = direct.lpush(key, r#"{"name":"lost"}"#).await.unwrap();
    let _taking = Taking::begin(&redis, &store);
    has_jobs(&store, 1).await;
}

#[tokio::test]
async fn a_redis_that_was_away_is_used_again_without_a_restart() {
    let (database, mut redis) = (TestDatabase::postgres().await, TestRedis::number(6).await);
    let cable = redis.on_a_cable().await;
    let (store, other) = (database.open().await, database.open().await);
    cable.cut();
    let _taking = [Taking::begin(&redis, &store), Taking::begin(&redis, &other)];
    redis.push(r#"{"name":"early"}"#).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(jobs(&store).await.is_empty());
    cable.mend();
    has_jobs(&store, 1).await;
    cable.cut();
    redis.push(r#"{"name":"later"}"#).await;
    cable.mend();
    has_jobs(&store, 2).await;
    // The commits of one process wake the other.
    for _ in 0..100 {
        let mut woken = other.watch_jobs();
        store.enqueue_job(&probe("works")).await.unwrap();
        let wait = Duration::from_millis(500);
        if tokio::time::timeout(wait, woken.changed()).await.is_ok() {
            return;
        }
    }
    panic!("no commit was told");
}
