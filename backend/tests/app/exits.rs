//! Programs that end by themselves, also while the database is away.

use ctnr_model::{ExitStatus, SandboxState};

use crate::support::{Operation, Platform, eventually, query};

#[tokio::test]
async fn an_end_is_recorded_with_its_code() {
    let platform = Platform::start().await;
    let made = platform.create("web").await;
    let exit = ExitStatus {
        code: 137,
        signal: Some(9),
        oom_killed: true,
    };
    platform.engine.end(&made.spec.id, exit);
    eventually("the end is recorded", || async {
        platform
            .app
            .sandbox(&query("web"))
            .await
            .unwrap()
            .status
            .exit
            == Some(exit)
    })
    .await;
}

#[tokio::test]
async fn an_end_that_comes_before_the_acknowledgement_is_kept() {
    let platform = Platform::start().await;
    let gate = platform.engine.gate(Operation::Create);
    let creating = tokio::spawn({
        let app = platform.app.clone();
        async move { app.create_sandbox(crate::support::busybox("web")).await }
    });
    gate.add_permits(1);
    eventually("the engine has it", || async {
        !platform.engine.ids().is_empty()
    })
    .await;
    platform
        .engine
        .end(&platform.engine.ids()[0], ExitStatus::exited(0));
    creating.await.unwrap().unwrap();
    eventually("the end is recorded", || async {
        let state = platform
            .app
            .sandbox(&query("web"))
            .await
            .unwrap()
            .status
            .state;
        state == SandboxState::Exited
    })
    .await;
}
