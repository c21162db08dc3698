//! Starting, running programs, stopping, deleting.

use std::time::Duration;

use backend::app::AppError;
use ctnr_model::{ContainerState, ExitStatus};

use crate::support::{Operation, Platform, container, eventually, program, query};

#[tokio::test]
async fn a_program_starts_the_container_that_it_is_run_in() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let app = &platform.app;
    let (_, session) = app
        .run_in_container(&container("app"), program(&["echo", "hi"]))
        .await
        .unwrap();
    assert_eq!(session.exit.await.unwrap(), ExitStatus::exited(0));
    let row = platform.look("app").await;
    assert_eq!(row.state, ContainerState::Running);
    assert_eq!(platform.engine.ids(), [row.sandbox.unwrap()]);
    let row = app.stop_container(&container("app"), None).await.unwrap();
    assert_eq!(row.state, ContainerState::Stopped);
    // Its data stays with it.
    assert_eq!(platform.engine.ids().len(), 1);
    let row = app.start_container(&container("app")).await.unwrap();
    assert_eq!(platform.engine.ids(), [row.sandbox.unwrap()]);
}

#[tokio::test]
async fn programs_at_once_bring_one_session_up() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let app = platform.app.clone();
            tokio::spawn(async move {
                let (_, session) = app
                    .run_in_container(&container("app"), program(&["true"]))
                    .await
                    .unwrap();
                session.exit.await.unwrap()
            })
        })
        .collect();
    for run in runs {
        assert_eq!(run.await.unwrap(), ExitStatus::exited(0));
    }
    assert_eq!(platform.engine.calls(Operation::Create), 1);
}

#[tokio::test]
async fn starts_and_stops_at_once_leave_it_up_or_down() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let changes: Vec<_> = (0..12)
        .map(|number| {
            let app = platform.app.clone();
            tokio::spawn(async move {
                let id = container("app");
                if number % 2 == 0 {
                    app.start_container(&id).await.map(drop)
                } else {
                    app.stop_container(&id, None).await.map(drop)
                }
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap().unwrap();
    }
    let row = platform.look("app").await;
    let alive = platform
        .engine
        .peek(&row.sandbox.unwrap())
        .unwrap()
        .state
        .is_alive();
    assert_eq!(
        row.state == ContainerState::Running,
        alive,
        "{:?}",
        row.state
    );
    assert_eq!(platform.engine.ids().len(), 1);
}

#[tokio::test]
async fn a_session_that_ends_by_itself_is_found_and_told() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let app = &platform.app;
    let row = app.start_container(&container("app")).await.unwrap();
    platform
        .engine
        .end(&row.sandbox.unwrap(), ExitStatus::exited(1));
    eventually("the end is recorded", || async {
        platform.look("app").await.state == ContainerState::Stopped
    })
    .await;
    let error = platform.look("app").await.error.unwrap();
    assert!(error.contains("ended by itself (exit code 1)"), "{error}");
    app.start_container(&container("app")).await.unwrap();
    assert_eq!(platform.look("app").await.error, None);
}

#[tokio::test]
async fn a_container_s_sandbox_is_not_changed_behind_its_back() {
    let platform = Platform::with_runtime().await;
    let made = platform.container("app").await;
    let app = &platform.app;
    let row = app.start_container(&container("app")).await.unwrap();
    let sandbox = query(row.sandbox.unwrap().as_str());
    for refused in [
        app.delete_sandbox(&sandbox).await,
        app.stop_sandbox(&sandbox, Duration::ZERO).await.map(drop),
        app.restart_sandbox(&sandbox, Duration::ZERO)
            .await
            .map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, AppError::Conflict(_)), "{error:?}");
        assert!(error.to_string().contains(made.id.short()), "{error}");
    }
    assert!(app.sandbox(&sandbox).await.is_ok());
}

#[tokio::test]
async fn a_delete_does_not_wait_for_a_start_and_nothing_is_left() {
    let platform = Platform::with_runtime().await;
    platform.container("app").await;
    let gate = platform.engine.gate(Operation::Create);
    let start = tokio::spawn({
        let app = platform.app.clone();
        async move { app.start_container(&container("app")).await }
    });
    eventually("the engine is asked", || async {
        platform.engine.calls(Operation::Create) == 1
    })
    .await;
    let delete = tokio::spawn({
        let app = platform.app.clone();
        async move { app.delete_container(&container("app")).await }
    });
    gate.add_permits(10);
    drop(start.await.unwrap());
    delete.await.unwrap().unwrap();
    assert_eq!(platform.engine.ids(), []);
    let gone = platform.app.container(&container("app")).await;
    assert!(matches!(gone, Err(AppError::NotFound(_))));
    platform.container("app").await;
}

#[tokio::test]
async fn a_runtime_in_use_is_not_removed_and_a_container_moves_and_back() {
    let platform = Platform::with_runtime().await;
    platform.engine.add_runtime("wine:11", 0x22);
    platform.container("app").await;
    let app = &platform.app;
    let error = app.remove_runtime("wine:latest").await.unwrap_err();
    assert!(error.to_string().contains("app"), "{error}");
    // Nor by the way of images.
    assert!(app.remove_image(None, "wine:latest").await.is_err());
    app.start_container(&container("app")).await.unwrap();
    let row = app
        .move_container(&container("app"), "wine:11")
        .await
        .unwrap();
    assert_eq!((row.runtime.name.as_str(), row.chain.len()), ("wine:11", 1));
    let row = app.start_container(&container("app")).await.unwrap();
    let spec = platform.engine.spec(&row.sandbox.unwrap()).unwrap();
    assert!(spec.image.to_string().ends_with(&"22".repeat(32)));
    assert_eq!(spec.layers, row.chain);
    app.move_container(&container("app"), "wine:latest")
        .await
        .unwrap();
    app.remove_runtime("wine:11").await.unwrap();
}
