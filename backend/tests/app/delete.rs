//! Deleting.

use std::time::Duration;

use backend::app::AppError;
use ctnr_engine::EngineError;

use crate::support::{Operation, Platform, busybox, eventually, query};

#[tokio::test]
async fn a_deleted_sandbox_is_gone_and_its_name_free() {
    let platform = Platform::start().await;
    platform.create("web").await;
    platform.app.delete_sandbox(&query("web")).await.unwrap();
    let error = platform
        .app
        .delete_sandbox(&query("web"))
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::NotFound(_)), "{error:?}");
    assert_eq!(platform.engine.ids(), []);
    platform.create("web").await;
}

#[tokio::test]
async fn one_that_the_engine_cannot_delete_stays_listed() {
    let platform = Platform::quiet().await;
    let made = platform.create("web").await;
    let failure = EngineError::Unavailable("the engine does not answer".to_owned());
    platform.engine.fail_next(Operation::Delete, failure);
    let error = platform
        .app
        .delete_sandbox(&query("web"))
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Unavailable(_)), "{error:?}");
    assert_eq!(platform.app.sandbox(&query("web")).await.unwrap(), made);
    // It can't be brought back any more, and the name stays taken until it is gone.
    let error = platform
        .app
        .restart_sandbox(&query("web"), Duration::ZERO)
        .await;
    assert!(matches!(error, Err(AppError::Conflict(_))), "{error:?}");
    assert!(platform.app.create_sandbox(busybox("web")).await.is_err());
    platform.app.delete_sandbox(&query("web")).await.unwrap();
    assert_eq!(platform.engine.ids(), []);
}

#[tokio::test]
async fn a_delete_does_not_wait_for_a_program_that_takes_its_time() {
    let platform = Platform::start().await;
    platform.create("web").await;
    // The program ignores its signal; only a kill ends it.
    platform.engine.gate(Operation::Stop);
    let restart = tokio::spawn({
        let app = platform.app.clone();
        async move {
            app.restart_sandbox(&query("web"), Duration::from_secs(3_600))
                .await
        }
    });
    eventually("the restart waits for the program", || async {
        platform.engine.calls(Operation::Stop) == 1
    })
    .await;
    platform.app.delete_sandbox(&query("web")).await.unwrap();
    assert!(matches!(restart.await.unwrap(), Err(AppError::Conflict(_))));
    assert_eq!(platform.engine.ids(), []);
}

#[tokio::test]
async fn deletes_at_once_all_succeed_and_delete_once() {
    let platform = Platform::start().await;
    platform.create("web").await;
    let gate = platform.engine.gate(Operation::Delete);
    let deletes: Vec<_> = (0..4)
        .map(|_| {
            let app = platform.app.clone();
            tokio::spawn(async move { app.delete_sandbox(&query("web")).await })
        })
        .collect();
    eventually("the engine is asked", || async {
        platform.engine.calls(Operation::Delete) == 1
    })
    .await;
    gate.add_permits(4);
    for delete in deletes {
        match delete.await.unwrap() {
            Ok(()) | Err(AppError::NotFound(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(platform.engine.calls(Operation::Delete), 1);
}
