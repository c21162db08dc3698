//! Making containers.

use std::time::Duration;

use backend::app::{AppError, NewContainer, RequestId};
use ctnr_engine::EngineError;
use ctnr_model::ContainerState;

use crate::support::{Operation, Platform, container, eventually};

fn named(name: &str) -> NewContainer {
    NewContainer {
        name: Some(name.parse().unwrap()),
        ..NewContainer::default()
    }
}

#[tokio::test]
async fn a_container_is_rows_until_it_is_started() {
    let platform = Platform::with_runtime().await;
    let made = platform.container("app").await;
    assert_eq!(made.runtime.name, "wine:latest");
    assert_eq!((made.sandbox, made.chain), (None, Vec::new()));
    assert_eq!(platform.engine.ids(), []);
}

#[tokio::test]
async fn a_runtime_that_is_not_there_or_is_none_is_refused_and_nothing_is_left() {
    let platform = Platform::with_runtime().await;
    for (runtime, is_missing) in [("wine:9", true), ("busybox:latest", false)] {
        let new = NewContainer {
            runtime: Some(runtime.to_owned()),
            ..named("app")
        };
        let error = platform.app.create_container(new, None).await.unwrap_err();
        assert_eq!(
            matches!(error, AppError::NotFound(_)),
            is_missing,
            "{error}"
        );
        assert!(error.to_string().contains("/api/runtimes"), "{error}");
    }
    let gone = platform.app.container(&container("app")).await;
    assert!(matches!(gone, Err(AppError::NotFound(_))));
    platform.container("app").await;
}

#[tokio::test]
async fn a_repeated_request_makes_one_container() {
    let platform = Platform::with_runtime().await;
    let key = RequestId::parse("order-66").unwrap();
    let first = platform
        .app
        .create_container(named("app"), Some(&key))
        .await
        .unwrap();
    let (again, at_once) = tokio::join!(
        platform.app.create_container(named("app"), Some(&key)),
        platform.app.create_container(named("app"), Some(&key)),
    );
    assert_eq!(again.unwrap().id, first.id);
    assert_eq!(at_once.unwrap().id, first.id);
    let other = platform
        .app
        .create_container(named("other"), Some(&key))
        .await;
    assert!(matches!(other, Err(AppError::Conflict(_))), "{other:?}");
    platform
        .app
        .delete_container(&container("app"))
        .await
        .unwrap();
    let late = platform
        .app
        .create_container(named("app"), Some(&key))
        .await;
    assert!(matches!(late, Err(AppError::Conflict(_))), "{late:?}");
}

#[tokio::test]
async fn a_name_is_taken_once_and_a_made_up_one_is_free() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let taken = platform.app.create_container(named("app"), None).await;
    let message = taken.unwrap_err().to_string();
    assert!(message.contains("app is already in use"), "{message}");
    for _ in 0..3 {
        let new = NewContainer::default();
        platform.app.create_container(new, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_folder_of_the_host_has_to_be_allowed_by_the_setting() {
    let platform = Platform::with_runtime().await;
    let mut new = named("app");
    new.folders
        .insert("Documents".to_owned(), "/etc".to_owned());
    let error = platform.app.create_container(new, None).await.unwrap_err();
    assert!(matches!(error, AppError::Forbidden(_)), "{error:?}");
    assert!(
        error.to_string().contains("CONTAINERS_HOST_FOLDERS"),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_that_is_not_there_is_named() {
    let platform = Platform::with_runtime().await;
    let new = NewContainer {
        layers: vec!["ab".repeat(32).parse().unwrap()],
        ..named("app")
    };
    let error = platform.app.create_container(new, None).await.unwrap_err();
    assert!(matches!(error, AppError::NotFound(_)), "{error:?}");
    assert!(error.to_string().contains("abababababab"), "{error}");
}

#[tokio::test]
async fn a_container_whose_job_is_called_off_says_so_and_can_be_deleted() {
    let platform = Platform::with_runtime().await;
    // The database's writer is quick, so the job is called off before the platform looks at it.
    let quiet = Platform::app(&platform.database, &platform.engine, true).await;
    let row = platform
        .app
        .create_container(named("app"), None)
        .await
        .unwrap();
    let job = row.job.unwrap().to_string();
    match quiet.cancel_job(&job).await {
        // It was made first.
        Err(AppError::Conflict(_)) => return,
        other => drop(other.unwrap()),
    }
    eventually("it is made or has failed", || async {
        platform.look("app").await.state != ContainerState::Creating
    })
    .await;
    platform
        .app
        .delete_container(&container("app"))
        .await
        .unwrap();
}

#[tokio::test]
async fn one_that_cannot_be_started_says_why_and_can_be_started_later() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let failure = EngineError::Unavailable("no room".to_owned());
    platform.engine.fail_next(Operation::Create, failure);
    let app = &platform.app;
    let error = app.start_container(&container("app")).await.unwrap_err();
    assert!(error.to_string().contains("no room"), "{error}");
    let row = platform.look("app").await;
    assert_eq!(row.state, ContainerState::Stopped);
    assert!(row.error.unwrap().contains("no room"));
    assert_eq!((row.sandbox, platform.engine.ids()), (None, Vec::new()));
    let row = app.start_container(&container("app")).await.unwrap();
    assert_eq!((row.state, row.error), (ContainerState::Running, None));
    app.stop_container(&container("app"), Some(Duration::ZERO))
        .await
        .unwrap();
}
