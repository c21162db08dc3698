//! The life of a container, what happens to it, and the jobs behind it.

use backend::http::Options;
use ctnr_protocol::v1 as proto;
use ctnr_protocol::v1::program_output::Event;
use futures::TryStreamExt;
use tonic::Code;

use super::{Served, app, create, get};

#[tokio::test]
async fn the_life_of_a_container() {
    let served = Served::start(Options::default()).await;
    let mut client = served.client();
    let made = client.create_container(create()).await.unwrap();
    assert!(made.metadata().contains_key("x-request-id"));
    let made = made.into_inner();
    assert_eq!(
        (made.name.as_str(), made.state.as_str()),
        ("app", "stopped")
    );
    assert_eq!(made.labels["team"], "red");
    assert_eq!(made.limits.unwrap().memory_bytes, Some(2 << 30));

    let command = proto::ExecContainerRequest {
        id: app(),
        cmd: vec!["echo".to_owned(), "hi".to_owned()],
        program: None,
    };
    let ran = client.exec_container(command).await.unwrap().into_inner();
    let ran: Vec<_> = ran
        .map_ok(|told| told.event.unwrap())
        .try_collect()
        .await
        .unwrap();
    assert!(matches!(&ran[0], Event::Started(_)), "{ran:?}");
    assert!(ran.contains(&Event::Stdout("hi\n".into())), "{ran:?}");
    assert!(
        matches!(ran.last(), Some(Event::Exit(exit)) if exit.exit_code == 0),
        "{ran:?}"
    );
    let shown = client.get_container(get()).await.unwrap().into_inner();
    assert_eq!(shown.state, "running");

    let one = "one".to_owned();
    let snapshot = proto::CreateSnapshotRequest {
        id: app(),
        name: Some(one.clone()),
    };
    let kept = client.create_snapshot(snapshot).await.unwrap().into_inner();
    assert_eq!((kept.name.as_str(), kept.layers), ("one", 1));
    let list = proto::ListSnapshotsRequest { id: app() };
    let list = client.list_snapshots(list).await.unwrap().into_inner();
    assert_eq!(list.snapshots, [kept]);
    let back = proto::RollbackContainerRequest {
        id: app(),
        snapshot: one,
    };
    let back = client.rollback_container(back).await.unwrap().into_inner();
    assert_eq!(back.layers.len(), 1);
    let twin = proto::CloneContainerRequest {
        id: app(),
        name: Some("twin".to_owned()),
        ..Default::default()
    };
    let twin = client.clone_container(twin).await.unwrap().into_inner();
    assert_eq!(twin.labels["team"], "red");
    let reset = proto::ResetContainerRequest { id: app() };
    let reset = client.reset_container(reset).await.unwrap().into_inner();
    assert!(reset.layers.is_empty());
    let plan = proto::PlanContainerRequest {
        id: app(),
        target: String::new(),
    };
    let plan = client.plan_container(plan).await.unwrap().into_inner();
    let plan: serde_json::Value = serde_json::from_str(&plan.json).unwrap();
    assert_eq!(plan["name"], "app");

    let page = proto::ListContainersRequest {
        page_size: Some(1),
        ..Default::default()
    };
    let first = client
        .list_containers(page.clone())
        .await
        .unwrap()
        .into_inner();
    let second = proto::ListContainersRequest {
        page_token: first.next_page_token,
        ..page
    };
    let second = client.list_containers(second).await.unwrap().into_inner();
    assert_eq!(second.containers[0].name, "app");
    assert_eq!(second.next_page_token, "");

    let start = proto::StartContainerRequest { id: app() };
    let started = client.start_container(start).await.unwrap().into_inner();
    assert_eq!(started.state, "running");
    let stop = proto::StopContainerRequest {
        id: app(),
        timeout_seconds: Some(1.0),
    };
    let stopped = client.stop_container(stop).await.unwrap().into_inner();
    assert_eq!(stopped.state, "stopped");
    let delete = proto::DeleteContainerRequest { id: app() };
    client.delete_container(delete).await.unwrap();
    let gone = client.get_container(get()).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(gone.metadata().get("ctnr-error-code").unwrap(), "NOT_FOUND");
    assert!(gone.metadata().contains_key("x-request-id"));
}

#[tokio::test]
async fn events_go_on_from_a_number() {
    let served = Served::start(Options::default()).await;
    let mut client = served.client();
    let live = proto::StreamEventsRequest::default();
    let live = client.stream_events(live).await.unwrap();
    let begin = live.metadata().get("last-event-id").unwrap();
    let begin: u64 = begin.to_str().unwrap().parse().unwrap();
    client.create_container(create()).await.unwrap();
    let mut live = live.into_inner();
    let first = live.message().await.unwrap().unwrap();
    let again = proto::StreamEventsRequest {
        after: Some(begin),
        ids: Vec::new(),
    };
    let mut again = client.stream_events(again).await.unwrap().into_inner();
    assert_eq!(again.message().await.unwrap().unwrap(), first);
    served.platform.app.close();
    let end = loop {
        match live.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an endless stream says why it ends"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::Unavailable, "{end}");
}

#[tokio::test]
async fn jobs_are_watched_to_their_end() {
    let served = Served::start(Options::default()).await;
    let mut client = served.client();
    client.create_container(create()).await.unwrap();
    let jobs = client.list_jobs(proto::ListJobsRequest::default()).await;
    let id = jobs.unwrap().into_inner().jobs[0].id.clone();
    let watched = client
        .watch_job(proto::WatchJobRequest { id, after: None })
        .await;
    let seen: Vec<_> = watched.unwrap().into_inner().try_collect().await.unwrap();
    assert_eq!(seen.last().unwrap().state, "succeeded");
}

#[tokio::test]
async fn runtimes_are_listed_and_one_in_use_is_kept() {
    let (_served, mut client) = super::with_app().await;
    let list = client.list_runtimes(proto::ListRuntimesRequest {});
    let list = list.await.unwrap().into_inner().runtimes;
    assert_eq!(list.len(), 1, "{list:?}");
    assert!(list[0].is_default, "{list:?}");
    assert_eq!(list[0].containers, 1, "{list:?}");
    let id = list[0].digest.clone();
    let refused = client.remove_runtime(proto::RemoveRuntimeRequest { id });
    let refused = refused.await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
    assert!(refused.message().contains("app"), "{refused}");
}

#[tokio::test]
async fn a_create_that_is_repeated_is_done_once() {
    let served = Served::start(Options::default()).await;
    let mut client = served.client();
    let create = proto::CreateContainerRequest {
        idempotency_key: Some("once".to_owned()),
        ..create()
    };
    let first = client.create_container(create.clone()).await.unwrap();
    let again = client.create_container(create).await.unwrap();
    assert_eq!(first.into_inner().id, again.into_inner().id);
}
