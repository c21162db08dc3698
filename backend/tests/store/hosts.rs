//! The promises about who is there.

use std::time::Duration;

use backend::store::{HostRow, WorkerRow};
use jiff::Timestamp;

use crate::support::TestDatabase;

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) async fn hosts_and_workers_are_seen_while_they_say_so(database: TestDatabase) {
    let store = database.open().await;
    let mut host = HostRow {
        installation: "one".to_owned(),
        url: "http://127.0.0.1:1".to_owned(),
        secret: "hush".to_owned(),
        last_seen: Timestamp::now() - 2 * MINUTE,
    };
    assert!(!format!("{host:?}").contains("hush"));
    store.announce_host(&host).await.unwrap();
    assert_eq!(store.hosts_seen(MINUTE).await.unwrap(), []);
    assert_eq!(store.host("one").await.unwrap(), Some(host.clone()));
    assert_eq!(store.host("two").await.unwrap(), None);
    host.last_seen = Timestamp::now();
    host.url = "http://127.0.0.1:2".to_owned();
    store.announce_host(&host).await.unwrap();
    assert_eq!(store.hosts_seen(MINUTE).await.unwrap(), [host]);

    let worker = |id: &str, age: Duration| WorkerRow {
        id: id.to_owned(),
        name: format!("worker {id}"),
        last_seen: Timestamp::now() - age,
    };
    for (id, age) in [("gone", 2 * MINUTE), ("there", Duration::ZERO)] {
        store.announce_worker(&worker(id, age)).await.unwrap();
    }
    let seen = store.workers_seen(MINUTE).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].name, "worker there");
    store.forget_worker("there").await.unwrap();
    assert_eq!(store.workers_seen(MINUTE).await.unwrap(), []);
}
