//! The promises.

use std::collections::BTreeMap;

use backend::store::{Found, NewEvent, PageRequest, Phase, SandboxFilter, SandboxRow, StoreError};
use ctnr_model::{
    Digest, EngineKind, EventAction, EventSubject, ExitStatus, ImageReference, Limits, NetworkMode,
    ProcessOverrides, PublishedPort, SandboxId, SandboxQuery, SandboxSpec, SandboxState,
    SandboxStatus,
};
use jiff::Timestamp;

use crate::support::TestDatabase;

fn row(number: u8, name: &str) -> SandboxRow {
    SandboxRow {
        spec: SandboxSpec {
            id: SandboxId::from_random([number; 32]),
            name: name.parse().unwrap(),
            image: ImageReference::parse("busybox").unwrap(),
            process: ProcessOverrides {
                env: vec!["A=ñ 'quoted' \"too\"".parse().unwrap()],
                cmd: Some(vec!["sleep".to_owned(), "1".to_owned()]),
                ..ProcessOverrides::default()
            },
            ports: vec!["[::1]:8081:3000/tcp".parse().unwrap()],
            labels: BTreeMap::from([("team".to_owned(), "röd".to_owned())]),
            limits: Limits::default(),
            network: NetworkMode::None,
            layers: Vec::new(),
            mounts: Vec::new(),
        },
        host: "host-1".to_owned(),
        engine: EngineKind::Native,
        phase: Phase::Creating,
        status: SandboxStatus {
            state: SandboxState::Created,
            pid: None,
            started_at: None,
            finished_at: None,
            exit: None,
        },
        ports: Vec::new(),
        image_id: Some(Digest::from_sha256([number; 32])),
        created_at: "2026-11-21T19:03:00.123456789Z".parse().unwrap(),
    }
}

fn event(action: EventAction) -> NewEvent {
    NewEvent {
        time: Timestamp::UNIX_EPOCH,
        subject: EventSubject::Sandbox,
        action,
        id: "x".to_owned(),
        attributes: BTreeMap::from([("name".to_owned(), "ñ".to_owned())]),
    }
}

pub(crate) async fn everything_of_a_sandbox_is_kept(database: TestDatabase) {
    let store = database.open().await;
    let mut row = row(1, "web");
    store.intend_create(&row).await.unwrap();
    assert_eq!(
        store.sandbox(&row.spec.id).await.unwrap(),
        Some(row.clone())
    );
    row.phase = Phase::Present;
    row.status = SandboxStatus {
        state: SandboxState::Exited,
        pid: Some(u32::MAX),
        started_at: Some("2026-11-21T19:03:00.000000001Z".parse().unwrap()),
        finished_at: Some("2026-11-21T19:04:00Z".parse().unwrap()),
        exit: Some(ExitStatus {
            code: 137,
            signal: Some(9),
            oom_killed: true,
        }),
    };
    row.ports = vec![PublishedPort {
        container: "3000/tcp".parse().unwrap(),
        address: Some("::1".parse().unwrap()),
        host_port: 8081,
    }];
    let events = [event(EventAction::Create)];
    store
        .confirm_create(&row.spec.id, &row.status, &row.ports, &events)
        .await
        .unwrap();
    store.close().await;
    let store = database.open().await;
    assert_eq!(
        store.sandbox(&row.spec.id).await.unwrap(),
        Some(row.clone())
    );
    let told = store.events_after(0, 10).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].attributes["name"], "ñ");
    assert_eq!(told[0].time, Timestamp::UNIX_EPOCH);
    // What was set can be unset.
    row.status.pid = None;
    row.status.exit = None;
    store
        .record_status(&row.spec.id, &row.status, &[], &[])
        .await
        .unwrap();
    row.ports = Vec::new();
    assert_eq!(store.sandbox(&row.spec.id).await.unwrap(), Some(row));
}

pub(crate) async fn a_name_has_one_holder(database: TestDatabase) {
    let store = database.open().await;
    let first = row(1, "web");
    let attempts = (1..=8).map(|number| {
        let store = store.clone();
        async move { store.intend_create(&row(number, "web")).await }
    });
    let results = futures::future::join_all(attempts).await;
    let made = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(made, 1, "{results:?}");
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, StoreError::NameTaken { .. }), "{error:?}");
    }
    let holder = store
        .sandboxes_of("host-1", EngineKind::Native)
        .await
        .unwrap();
    store.forget(&holder[0].spec.id, &[]).await.unwrap();
    store.intend_create(&first).await.unwrap();
}

pub(crate) async fn phases_follow_their_order(database: TestDatabase) {
    let store = database.open().await;
    let row = row(1, "web");
    let id = &row.spec.id;
    assert!(!store.intend_delete(id).await.unwrap());
    store.intend_create(&row).await.unwrap();
    // Nobody was told of it, so nobody can delete it, find it, or see it in a list.
    assert!(!store.intend_delete(id).await.unwrap());
    let query = SandboxQuery::parse("web").unwrap();
    assert_eq!(store.find_sandbox(&query).await.unwrap(), Found::None);
    let all = SandboxFilter {
        all: true,
        ..SandboxFilter::default()
    };
    let page = PageRequest::default();
    assert_eq!(store.list_sandboxes(&all, &page).await.unwrap().items, []);

    store
        .confirm_create(id, &row.status, &[], &[])
        .await
        .unwrap();
    assert!(
        store
            .confirm_create(id, &row.status, &[], &[])
            .await
            .is_err()
    );
    assert_eq!(
        store.list_sandboxes(&all, &page).await.unwrap().items.len(),
        1
    );
    assert!(store.intend_delete(id).await.unwrap());
    let found = store.sandbox(id).await.unwrap().unwrap();
    assert_eq!(found.phase, Phase::Deleting);
    store
        .forget(id, &[event(EventAction::Delete)])
        .await
        .unwrap();
    // Forgetting once more tells nothing.
    store
        .forget(id, &[event(EventAction::Delete)])
        .await
        .unwrap();
    assert_eq!(store.events_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(store.sandbox(id).await.unwrap(), None);
    assert!(
        store
            .record_status(id, &row.status, &[], &[])
            .await
            .is_err()
    );
    // Its labels went with it, so that the id may come again.
    store.intend_create(&row).await.unwrap();
}

pub(crate) async fn events_are_numbered_without_gaps_under_concurrency(database: TestDatabase) {
    let store = database.open().await;
    let second = database.open().await;
    let writers = (0..32).map(|number| {
        let store = if number % 2 == 0 { &store } else { &second }.clone();
        tokio::spawn(async move {
            let events = [event(EventAction::Start), event(EventAction::Die)];
            store.append_events(&events).await.unwrap();
        })
    });
    let writers: Vec<_> = writers.collect();
    // A reader that sees a number has seen all below it, at every moment.
    let mut seen = Vec::new();
    while seen.len() < 64 {
        let after = seen.last().copied().unwrap_or(0);
        let events = store.events_after(after, 7).await.unwrap();
        seen.extend(events.iter().map(|event| event.sequence));
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(seen, (1..=64).collect::<Vec<u64>>());
    assert_eq!(store.read_latest_event().await.unwrap(), 64);
}

pub(crate) async fn a_change_that_fails_leaves_no_number_behind(database: TestDatabase) {
    let store = database.open().await;
    let missing = row(9, "missing");
    let events = [event(EventAction::Start)];
    let id = &missing.spec.id;
    let failed = store.record_status(id, &missing.status, &[], &events).await;
    assert!(failed.is_err());
    store.append_events(&events).await.unwrap();
    let told = store.events_after(0, 10).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].sequence, 1);
}

pub(crate) async fn old_events_are_pruned_and_numbers_go_on(database: TestDatabase) {
    let store = database.open().await;
    for _ in 0..5 {
        store
            .append_events(&[event(EventAction::Pull)])
            .await
            .unwrap();
    }
    store.prune_events(2).await.unwrap();
    store
        .append_events(&[event(EventAction::Pull)])
        .await
        .unwrap();
    let told = store.events_after(0, 10).await.unwrap();
    let numbers: Vec<_> = told.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, [4, 5, 6]);
    assert_eq!(*store.watch_events().borrow(), 6);
}

pub(crate) async fn queries_find_what_they_should(database: TestDatabase) {
    let store = database.open().await;
    for (number, name) in [(0xab, "one"), (0xaf, "two"), (0x10, "abab")] {
        let row = row(number, name);
        store.intend_create(&row).await.unwrap();
        let id = &row.spec.id;
        store
            .confirm_create(id, &row.status, &[], &[])
            .await
            .unwrap();
    }
    let find = async |text: &str| {
        let query = SandboxQuery::parse(text).unwrap();
        store.find_sandbox(&query).await.unwrap()
    };
    let name = |found: Found| match found {
        Found::One(row) => row.spec.name.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(name(find("one").await), "one");
    assert_eq!(name(find("abab").await), "abab");
    assert_eq!(name(find("ababa").await), "one");
    assert_eq!(name(find("af").await), "two");
    assert_eq!(name(find(&"10".repeat(32)).await), "abab");
    assert_eq!(find("a").await, Found::Many(2));
    assert_eq!(find("c").await, Found::None);
    assert_eq!(find(&"ff".repeat(32)).await, Found::None);
}

pub(crate) async fn images_in_use_are_those_of_the_host_and_engine(database: TestDatabase) {
    let store = database.open().await;
    for (number, host, engine) in [
        (1, "host-1", EngineKind::Native),
        (2, "host-1", EngineKind::Docker),
        (3, "host-2", EngineKind::Native),
    ] {
        let mut row = row(number, &format!("web-{number}"));
        row.host = host.to_owned();
        row.engine = engine;
        store.intend_create(&row).await.unwrap();
    }
    let used = store
        .images_in_use("host-1", EngineKind::Native)
        .await
        .unwrap();
    assert_eq!(
        used.into_iter().collect::<Vec<_>>(),
        [Digest::from_sha256([1; 32])]
    );
}

pub(crate) async fn opening_at_once_is_harmless(database: TestDatabase) {
    let stores = futures::future::join_all((0..6).map(|_| database.open())).await;
    let ids: std::collections::BTreeSet<_> =
        stores.iter().map(|store| store.database_id()).collect();
    assert_eq!(ids.len(), 1);
    stores[0].intend_create(&row(1, "web")).await.unwrap();
    let id = row(1, "web").spec.id;
    assert!(stores[5].sandbox(&id).await.unwrap().is_some());
}
