//! What is told, in which order.

use std::time::Duration;

use backend::app::EventFilter;
use ctnr_model::{Event, EventAction, EventSubject, ExitStatus};
use futures::StreamExt;

use crate::support::{Platform, query};

async fn take(platform: &Platform, after: Option<u64>, count: usize) -> Vec<Event> {
    let events = platform.app.events(after, EventFilter::default()).await;
    let events = events.unwrap().take(count).map(Result::unwrap);
    tokio::time::timeout(Duration::from_secs(20), events.collect())
        .await
        .unwrap()
}

fn actions(events: &[Event]) -> Vec<EventAction> {
    events.iter().map(|event| event.action).collect()
}

#[tokio::test]
async fn a_life_is_told_without_gaps() {
    use EventAction::{Create, Delete, Die, Restart, Start, Stop};
    let platform = Platform::start().await;
    let made = platform.create("web").await;
    platform
        .app
        .stop_sandbox(&query("web"), Duration::ZERO)
        .await
        .unwrap();
    platform
        .app
        .restart_sandbox(&query("web"), Duration::ZERO)
        .await
        .unwrap();
    platform.engine.end(&made.spec.id, ExitStatus::exited(3));
    let told = take(&platform, Some(0), 7).await;
    platform.app.delete_sandbox(&query("web")).await.unwrap();
    let last = take(&platform, Some(7), 1).await;
    assert_eq!(
        actions(&[told.clone(), last].concat()),
        [Create, Start, Die, Stop, Start, Restart, Die, Delete]
    );
    let numbers: Vec<_> = told.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    assert!(told.iter().all(|event| event.id == made.spec.id.as_str()));
    assert_eq!(told[6].attributes["exitCode"], "3");
    assert_eq!(told[6].attributes["name"], "web");
}

#[tokio::test]
async fn a_listener_goes_on_where_it_was() {
    let platform = Platform::start().await;
    platform.create("a1").await;
    let first = take(&platform, Some(0), 1).await;
    let rest = take(&platform, Some(first[0].sequence), 1).await;
    assert_eq!(actions(&rest), [EventAction::Start]);
}

#[tokio::test]
async fn a_new_listener_hears_what_comes_and_of_what_it_asked() {
    let platform = Platform::start().await;
    platform.create("a1").await;
    let filter = EventFilter {
        subjects: vec![EventSubject::Sandbox],
        actions: vec![EventAction::Create],
        ids: Vec::new(),
    };
    let mut events = platform.app.events(None, filter).await.unwrap();
    let second = platform.create("a2").await;
    let event = tokio::time::timeout(Duration::from_secs(20), events.next()).await;
    let event = event.unwrap().unwrap().unwrap();
    assert_eq!(event.id, second.spec.id.as_str());
    assert_eq!(event.action, EventAction::Create);
}

#[tokio::test]
async fn what_another_process_tells_is_heard() {
    let platform = Platform::start().await;
    let mut events = platform
        .app
        .events(None, EventFilter::default())
        .await
        .unwrap();
    let other = Platform::app(&platform.database, &platform.engine, true).await;
    let new = crate::support::busybox("a1");
    other.create_sandbox(new).await.unwrap();
    let event = tokio::time::timeout(Duration::from_secs(20), events.next()).await;
    assert_eq!(event.unwrap().unwrap().unwrap().action, EventAction::Create);
}

#[tokio::test]
async fn listeners_are_let_go_when_the_platform_stops() {
    let platform = Platform::start().await;
    let mut events = platform
        .app
        .events(None, EventFilter::default())
        .await
        .unwrap();
    platform.app.close();
    let end = tokio::time::timeout(Duration::from_secs(20), events.next()).await;
    assert!(end.unwrap().is_none());
    assert!(platform.app.stop(Duration::from_secs(20)).await);
}
