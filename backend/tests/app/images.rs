//! Images, and what uses them.

use backend::app::{AppError, EventFilter};
use ctnr_model::{EventAction, EventSubject, ImageReference};
use futures::StreamExt;
use tokio::sync::mpsc;

use crate::support::{Platform, query};

#[tokio::test]
async fn an_image_that_is_used_stays() {
    let platform = Platform::start().await;
    platform.create("web").await;
    platform
        .app
        .stop_sandbox(&query("web"), std::time::Duration::ZERO)
        .await
        .unwrap();
    let error = platform
        .app
        .remove_image(None, "busybox")
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Conflict(_)), "{error:?}");
    let pruned = platform.app.prune_images(None, true).await.unwrap();
    assert_eq!(pruned.removed, []);
    platform.app.delete_sandbox(&query("web")).await.unwrap();
    platform.app.remove_image(None, "busybox").await.unwrap();
    let error = platform
        .app
        .inspect_image(None, "busybox")
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::NotFound(_)), "{error:?}");
}

#[tokio::test]
async fn what_happens_to_images_is_told() {
    let platform = Platform::start().await;
    let (progress, mut told) = mpsc::channel(8);
    let reference = ImageReference::parse("alpine:3").unwrap();
    let options = ctnr_engine::PullOptions::default();
    platform
        .app
        .pull_image(None, &reference, &options, progress)
        .await
        .unwrap();
    assert_eq!(told.recv().await.unwrap().phase, "done");
    let further = ImageReference::parse("mine:1").unwrap();
    platform
        .app
        .tag_image(None, "alpine:3", &further)
        .await
        .unwrap();
    platform.app.remove_image(None, "mine:1").await.unwrap();
    let filter = EventFilter {
        subjects: vec![EventSubject::Image],
        ..EventFilter::default()
    };
    let events = platform.app.events(Some(0), filter).await.unwrap();
    let events: Vec<_> = events
        .take(3)
        .map(|event| event.map(|event| (event.action, event.id)).unwrap())
        .collect()
        .await;
    assert_eq!(
        events,
        [
            (EventAction::Pull, reference.to_string()),
            (EventAction::Tag, further.to_string()),
            (EventAction::Delete, "mine:1".to_owned()),
        ]
    );
}
