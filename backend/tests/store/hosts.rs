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

pub(crate) async fn an_agent_is_there_until_it_leaves_and_comes_back(database: TestDatabase) {
    let store = database.open().await;
    let one = "1".repeat(32);
    let at = Timestamp::from_second(1_000_000_000).unwrap();
    assert!(!store.record_agent_left(&one, at).await.unwrap());
    store.record_agent(&one, "box", "{}", at).await.unwrap();
    assert!(store.record_agent_left(&one, at + MINUTE).await.unwrap());
    let row = &store.agents().await.unwrap()[0];
    assert_eq!((row.last_seen, row.left_at), (at, Some(at + MINUTE)));
    let again = at + 2 * MINUTE;
    store
        .record_agent(&one, "crate", "[]", again)
        .await
        .unwrap();
    let row = &store.agents().await.unwrap()[0];
    assert_eq!((row.name.as_str(), row.report.as_str()), ("crate", "[]"));
    assert_eq!((row.enrolled_at, row.last_seen), (at, again));
    assert_eq!(row.left_at, None);
    // One that has long been gone is forgotten when another reports.
    let two = "2".repeat(32);
    let later = again + 40 * 24 * 60 * MINUTE;
    store
        .record_agent(&two, "other", "{}", later)
        .await
        .unwrap();
    let agents = store.agents().await.unwrap();
    assert_eq!(agents.len(), 1);
    assert_eq!(agents[0].installation, two);
}
