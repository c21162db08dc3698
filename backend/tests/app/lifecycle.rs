//! Stopping and starting again.

use std::time::Duration;

use backend::app::AppError;
use ctnr_engine::EngineError;
use ctnr_model::{ExitStatus, SandboxState};

use crate::support::{Operation, Platform, eventually, query};

const GRACE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn stop_and_restart() {
    let platform = Platform::start().await;
    let made = platform.create("web").await;
    let stopped = platform
        .app
        .stop_sandbox(&query("web"), GRACE)
        .await
        .unwrap();
    assert_eq!(stopped.status.state, SandboxState::Exited);
    assert_eq!(stopped.status.exit, Some(ExitStatus::signaled(15)));
    assert_eq!(stopped.ports, made.ports);
    assert_eq!(platform.app.sandbox(&query("web")).await.unwrap(), stopped);
    // Once more is no error and no change.
    let again = platform
        .app
        .stop_sandbox(&query("web"), GRACE)
        .await
        .unwrap();
    assert_eq!(again, stopped);
    for _ in 0..2 {
        let started = platform
            .app
            .restart_sandbox(&query("web"), GRACE)
            .await
            .unwrap();
        assert_eq!(started.status.state, SandboxState::Running);
        assert_eq!(started.ports, made.ports);
        assert!(started.status.started_at > made.status.started_at);
    }
}

#[tokio::test]
async fn a_failed_restart_leaves_it_stopped() {
    let platform = Platform::start().await;
    platform.create("web").await;
    platform.engine.fail_next(
        Operation::Start,
        EngineError::internal("starting the sandbox", "no memory"),
    );
    let error = platform
        .app
        .restart_sandbox(&query("web"), GRACE)
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Internal(_)), "{error:?}");
    let left = platform.app.sandbox(&query("web")).await.unwrap();
    assert_eq!(left.status.state, SandboxState::Exited);
}

#[tokio::test]
async fn restarts_of_one_sandbox_come_one_after_the_other() {
    let platform = Platform::start().await;
    platform.create("web").await;
    let gate = platform.engine.gate(Operation::Start);
    let restart = || {
        let app = platform.app.clone();
        tokio::spawn(async move { app.restart_sandbox(&query("web"), Duration::ZERO).await })
    };
    let (one, two) = (restart(), restart());
    eventually("one of them starts it", || async {
        platform.engine.calls(Operation::Start) == 1
    })
    .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(platform.engine.calls(Operation::Start), 1);
    gate.add_permits(2);
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    assert_eq!(platform.engine.calls(Operation::Start), 2);
}
