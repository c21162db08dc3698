//! Snapshots, rollback, reset and clones.

use backend::app::{AppError, CloneRequest};
use ctnr_engine::EngineError;

use crate::support::{Operation, Platform, container};

#[tokio::test]
async fn a_rollback_leads_to_what_a_snapshot_kept() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let (app, id) = (&platform.app, container("app"));
    app.start_container(&id).await.unwrap();
    app.snapshot_container(&id, Some("one".to_owned()))
        .await
        .unwrap();
    let one = platform.look("app").await.chain;
    assert_eq!((one.len(), platform.engine.ids()), (1, Vec::new()));
    app.start_container(&id).await.unwrap();
    app.snapshot_container(&id, Some("two".to_owned()))
        .await
        .unwrap();
    assert_eq!(platform.engine.layer_ids().len(), 2);
    app.start_container(&id).await.unwrap();
    let row = app.rollback_container(&id, "one").await.unwrap();
    assert_eq!((row.chain, row.sandbox), (one, None));
    // The other snapshot is there still, and so is its layer.
    assert_eq!(platform.engine.layer_ids().len(), 2);
    app.delete_snapshot(&id, "two").await.unwrap();
    assert_eq!(platform.engine.layer_ids().len(), 1);
    let names = app.container_snapshots(&id).await.unwrap();
    assert_eq!(names[0].name, "one");
    let taken = app.snapshot_container(&id, Some("one".to_owned())).await;
    assert!(matches!(taken, Err(AppError::Conflict(_))));
    let unknown = app.rollback_container(&id, "three").await;
    assert!(matches!(unknown, Err(AppError::NotFound(_))));
}

#[tokio::test]
async fn a_reset_drops_the_data_and_its_layers() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let (app, id) = (&platform.app, container("app"));
    app.start_container(&id).await.unwrap();
    app.snapshot_container(&id, Some("one".to_owned()))
        .await
        .unwrap();
    app.start_container(&id).await.unwrap();
    let row = app.reset_container(&id).await.unwrap();
    assert_eq!((row.chain.len(), row.sandbox), (0, None));
    assert_eq!(platform.engine.ids(), []);
    // The snapshot holds its layer until it goes.
    assert_eq!(platform.engine.layer_ids().len(), 1);
    app.delete_snapshot(&id, "one").await.unwrap();
    assert_eq!(platform.engine.layer_ids(), []);
}

#[tokio::test]
async fn clones_share_layers_until_the_last_goes() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let (app, id) = (&platform.app, container("app"));
    app.start_container(&id).await.unwrap();
    let request = CloneRequest {
        name: Some("twin".parse().unwrap()),
        labels: None,
    };
    let twin = app.clone_container(&id, request, None).await.unwrap();
    assert_eq!(twin.chain, platform.look("app").await.chain);
    assert_eq!(twin.chain.len(), 1);
    let other = container("twin");
    let (first, second) = tokio::join!(app.start_container(&id), app.start_container(&other));
    assert_ne!(first.unwrap().sandbox, second.unwrap().sandbox);
    app.delete_container(&id).await.unwrap();
    assert_eq!(platform.engine.layer_ids(), twin.chain);
    app.delete_container(&container("twin")).await.unwrap();
    assert_eq!(platform.engine.layer_ids(), []);
    assert_eq!(platform.engine.ids(), []);
}

#[tokio::test]
async fn a_snapshot_that_fails_leaves_all_as_it_was() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let (app, id) = (&platform.app, container("app"));
    let before = app.start_container(&id).await.unwrap().sandbox;
    let failure = EngineError::internal("freezing", "no space left on device");
    platform.engine.fail_next(Operation::Freeze, failure);
    let error = app
        .snapshot_container(&id, Some("one".to_owned()))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no space"), "{error}");
    let row = platform.look("app").await;
    assert_eq!((row.sandbox, row.freezing), (before, None));
    assert!(app.container_snapshots(&id).await.unwrap().is_empty());
    app.snapshot_container(&id, Some("one".to_owned()))
        .await
        .unwrap();
}
