//! What a process finds that follows one that was killed.

use std::time::Duration;

use backend::app::{AppError, NewSandbox};
use ctnr_engine::EngineError;
use ctnr_model::{EngineKind, ExitStatus, SandboxState};

use crate::support::{FakeEngine, Operation, Platform, TestDatabase, busybox, eventually, query};

/// A platform whose process is gone: requests under way are cut at once.
struct Killed {
    database: TestDatabase,
    engine: FakeEngine,
}

impl Killed {
    /// Runs `scene` on a runtime of its own, and kills that in the middle of what it does.
    async fn during<F>(
        scene: impl FnOnce(backend::app::App, FakeEngine) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let database = TestDatabase::sqlite();
        let engine = FakeEngine::new(EngineKind::Native);
        tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let app = Platform::app(&database, &engine, true).await;
                scene(app, engine.clone()).await;
            });
            runtime.shutdown_background();
            Self { database, engine }
        })
        .await
        .unwrap()
    }

    async fn next(self) -> Platform {
        Platform::over(self.database, self.engine).await
    }
}

#[tokio::test]
async fn what_was_being_made_goes() {
    let killed = Killed::during(|app, engine| async move {
        engine.gate(Operation::Created);
        let create = app.create_sandbox(busybox("web"));
        tokio::select! {
            made = create => panic!("{made:?}"),
            () = eventually("the engine has it", || {
                let engine = engine.clone();
                async move { !engine.ids().is_empty() }
            }) => {}
        }
    })
    .await;
    assert_eq!(killed.engine.ids().len(), 1);
    killed.engine.gate(Operation::Created).add_permits(100);
    let platform = killed.next().await;
    eventually("the sandbox is gone", || async {
        platform.engine.ids().is_empty()
    })
    .await;
    eventually("the name is free", || async {
        platform.app.create_sandbox(busybox("web")).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_row_without_a_sandbox_frees_its_name() {
    let killed = Killed::during(|app, engine| async move {
        engine.gate(Operation::Create);
        let create = app.create_sandbox(busybox("web"));
        tokio::select! {
            made = create => panic!("{made:?}"),
            () = eventually("the engine is asked", || {
                let engine = engine.clone();
                async move { engine.calls(Operation::Create) == 1 }
            }) => {}
        }
    })
    .await;
    killed.engine.gate(Operation::Create).add_permits(100);
    let platform = killed.next().await;
    eventually("the name is free", || async {
        platform.app.create_sandbox(busybox("web")).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_deletion_is_finished() {
    let killed = Killed::during(|app, engine| async move {
        app.create_sandbox(busybox("web")).await.unwrap();
        let failure = EngineError::Unavailable("killed".to_owned());
        engine.fail_next(Operation::Delete, failure);
        app.delete_sandbox(&query("web")).await.unwrap_err();
    })
    .await;
    let platform = killed.next().await;
    eventually("the sandbox is gone", || async {
        let found = platform.app.sandbox(&query("web")).await;
        matches!(found, Err(AppError::NotFound(_))) && platform.engine.ids().is_empty()
    })
    .await;
}

#[tokio::test]
async fn what_runs_goes_on_and_what_ended_has_its_code() {
    let killed = Killed::during(|app, engine| async move {
        for name in ["goes-on", "ended", "lost"] {
            app.create_sandbox(busybox(name)).await.unwrap();
        }
        let id = async |name| app.sandbox(&query(name)).await.unwrap().spec.id;
        engine.end_unseen(&id("ended").await, ExitStatus::exited(7));
        engine.vanish(&id("lost").await);
    })
    .await;
    let platform = killed.next().await;
    let status = async |name| platform.app.sandbox(&query(name)).await.unwrap().status;
    eventually("the end is found", || async {
        status("ended").await.exit == Some(ExitStatus::exited(7))
    })
    .await;
    eventually("the loss is found", || async {
        status("lost").await.exit == Some(ExitStatus::exited(255))
    })
    .await;
    assert_eq!(status("goes-on").await.state, SandboxState::Running);
    platform.app.delete_sandbox(&query("lost")).await.unwrap();
}

#[tokio::test]
async fn what_somebody_else_restarted_has_its_ports() {
    let killed = Killed::during(|app, engine| async move {
        let new = NewSandbox {
            ports: vec!["3000".parse().unwrap()],
            ..busybox("web")
        };
        let made = app.create_sandbox(new).await.unwrap();
        engine.restart_unseen(&made.spec.id, 40_000);
    })
    .await;
    let platform = killed.next().await;
    eventually("the port is found", || async {
        let sandbox = platform.app.sandbox(&query("web")).await.unwrap();
        sandbox.ports[0].host_port == 40_000
    })
    .await;
}

#[tokio::test]
async fn what_nobody_owns_goes_only_where_no_other_database_may_know_it() {
    let (database, engine) = (TestDatabase::sqlite(), FakeEngine::new(EngineKind::Native));
    let other = Platform::start().await;
    let foreign = other.create("foreign").await;
    engine.plant(&foreign.spec);
    let careful = Platform::app(&database, &engine, false).await;
    careful.start();
    eventually("the host is looked at", || async {
        engine.calls(Operation::List) > 0
    })
    .await;
    assert!(careful.stop(Duration::from_secs(20)).await);
    assert_eq!(engine.ids(), [foreign.spec.id]);
    let platform = Platform::over(database, engine).await;
    eventually("it is removed", || async {
        platform.engine.ids().is_empty()
    })
    .await;
}
