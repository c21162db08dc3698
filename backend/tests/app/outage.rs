//! A database that is away for a while.

use backend::app::AppError;
use ctnr_model::{EngineKind, ExitStatus};

use crate::support::{
    Cable, FakeEngine, Operation, Platform, TestDatabase, busybox, eventually, query,
};

async fn platform_on_a_cable() -> (Platform, Cable) {
    let mut database = TestDatabase::postgres().await;
    let cable = Cable::to(database.address()).await;
    database.via(cable.address());
    let engine = FakeEngine::new(EngineKind::Native);
    (Platform::over(database, engine).await, cable)
}

#[tokio::test]
async fn requests_are_told_so_and_served_again_without_a_restart() {
    let (platform, cable) = platform_on_a_cable().await;
    let made = platform.create("web").await;
    cable.cut();
    let error = platform.app.sandbox(&query("web")).await.unwrap_err();
    assert!(matches!(error, AppError::Unavailable(_)), "{error:?}");
    let error = platform
        .app
        .create_sandbox(busybox("two"))
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Unavailable(_)), "{error:?}");
    assert!(platform.app.health().await.database.is_err());
    // What ends meanwhile is not lost.
    platform.engine.end(&made.spec.id, ExitStatus::exited(3));
    cable.mend();
    eventually("the end is recorded", || async {
        let sandbox = platform.app.sandbox(&query("web")).await;
        sandbox.is_ok_and(|sandbox| sandbox.status.exit == Some(ExitStatus::exited(3)))
    })
    .await;
    platform.create("two").await;
    assert!(platform.app.health().await.database.is_ok());
}

#[tokio::test]
async fn a_sandbox_that_could_not_be_recorded_is_taken_back() {
    let (platform, cable) = platform_on_a_cable().await;
    let gate = platform.engine.gate(Operation::Created);
    let create = tokio::spawn({
        let app = platform.app.clone();
        async move { app.create_sandbox(busybox("web")).await }
    });
    eventually("the engine has it", || async {
        platform.engine.ids().len() == 1
    })
    .await;
    cable.cut();
    gate.add_permits(100);
    let error = create.await.unwrap().unwrap_err();
    assert!(matches!(error, AppError::Unavailable(_)), "{error:?}");
    assert_eq!(platform.engine.ids(), []);
    cable.mend();
    eventually("the name is free again", || async {
        platform.app.create_sandbox(busybox("web")).await.is_ok()
    })
    .await;
}
