//! The backend killed in each state: what was acknowledged holds, and nothing else is left.

use std::io::Cursor;

use backend::app::{App, AppError, CloneRequest, NewContainer};
use ctnr_model::ContainerState;

use crate::support::{
    FakeEngine, Killed, Operation, Platform, container, eventually, make, program,
};

/// Goes on until the engine has been asked for the operation so often.
async fn until(engine: &FakeEngine, operation: Operation, calls: usize) {
    eventually("the engine is asked", || {
        let engine = engine.clone();
        async move { engine.calls(operation) >= calls }
    })
    .await;
}

/// Cuts `work` where the engine waits in `operation`.
async fn cut<T: std::fmt::Debug>(
    engine: &FakeEngine,
    operation: Operation,
    work: impl Future<Output = T>,
) {
    let calls = engine.calls(operation);
    engine.gate(operation);
    tokio::select! {
        done = work => panic!("{done:?}"),
        () = until(engine, operation, calls + 1) => {}
    }
}

/// The next process on the same host, which waits for nothing.
async fn next(killed: Killed, operation: Operation) -> Platform {
    killed.engine.gate(operation).add_permits(1_000);
    killed.next().await
}

async fn settles(platform: &Platform, what: &str, sandboxes: usize, layers: usize) {
    eventually(what, || async {
        platform.engine.ids().len() == sandboxes && platform.engine.layer_ids().len() == layers
    })
    .await;
}

async fn runs(app: &App, name: &str) {
    let (_, session) = app
        .run_in_container(&container(name), program(&["true"]))
        .await
        .unwrap();
    assert_eq!(session.exit.await.unwrap().code, 0);
}

#[tokio::test]
async fn while_it_was_recorded_and_not_made() {
    let killed = Killed::during(|app, _| async move {
        let new = NewContainer {
            name: Some("app".parse().unwrap()),
            ..NewContainer::default()
        };
        app.create_container(new, None).await.unwrap();
    })
    .await;
    let platform = killed.next().await;
    eventually("the next process makes it", || async {
        platform.look("app").await.state == ContainerState::Stopped
    })
    .await;
    runs(&platform.app, "app").await;
}

#[tokio::test]
async fn while_its_sandbox_was_being_made() {
    for operation in [Operation::Create, Operation::Created] {
        let killed = Killed::during(move |app, engine| async move {
            make(&app, "app").await;
            cut(&engine, operation, app.start_container(&container("app"))).await;
        })
        .await;
        let platform = next(killed, operation).await;
        eventually("it is down", || async {
            let row = platform.look("app").await;
            row.state == ContainerState::Stopped && row.sandbox.is_none()
        })
        .await;
        settles(&platform, "nothing is left of it", 0, 0).await;
        runs(&platform.app, "app").await;
    }
}

#[tokio::test]
async fn while_it_ran() {
    let killed = Killed::during(|app, _| async move {
        make(&app, "app").await;
        app.start_container(&container("app")).await.unwrap();
    })
    .await;
    let before = killed.engine.ids();
    let platform = killed.next().await;
    runs(&platform.app, "app").await;
    assert_eq!(platform.engine.ids(), before);
    assert_eq!(platform.engine.calls(Operation::Create), 1);
}

#[tokio::test]
async fn while_it_was_being_stopped() {
    let killed = Killed::during(|app, engine| async move {
        make(&app, "app").await;
        app.start_container(&container("app")).await.unwrap();
        let id = container("app");
        cut(&engine, Operation::Stop, app.stop_container(&id, None)).await;
    })
    .await;
    let before = killed.engine.ids();
    let platform = next(killed, Operation::Stop).await;
    eventually("it is down", || async {
        platform.look("app").await.state == ContainerState::Stopped
    })
    .await;
    assert_eq!(platform.engine.ids(), before);
    runs(&platform.app, "app").await;
}

#[tokio::test]
async fn while_a_snapshot_was_made() {
    for operation in [Operation::Freeze, Operation::Frozen] {
        let killed = Killed::during(move |app, engine| async move {
            make(&app, "app").await;
            app.start_container(&container("app")).await.unwrap();
            let id = container("app");
            let snapshot = app.snapshot_container(&id, Some("one".to_owned()));
            cut(&engine, operation, snapshot).await;
        })
        .await;
        let platform = next(killed, operation).await;
        let (app, id) = (&platform.app, container("app"));
        eventually("the snapshot is there", || async {
            app.container_snapshots(&id).await.unwrap().len() == 1
        })
        .await;
        settles(&platform, "the sandbox became the layer", 0, 1).await;
        assert_eq!(platform.look("app").await.chain.len(), 1);
        app.rollback_container(&id, "one").await.unwrap();
        runs(app, "app").await;
    }
}

#[tokio::test]
async fn while_a_clone_was_made() {
    let killed = Killed::during(|app, engine| async move {
        make(&app, "app").await;
        app.start_container(&container("app")).await.unwrap();
        let id = container("app");
        let clone = app.clone_container(&id, CloneRequest::default(), None);
        cut(&engine, Operation::Frozen, clone).await;
    })
    .await;
    let platform = next(killed, Operation::Frozen).await;
    settles(&platform, "the sandbox became the layer", 0, 1).await;
    // Nobody was told of a clone, and there is none.
    let (app, all) = (&platform.app, Default::default());
    let page = app
        .list_containers(&all, &Default::default())
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    runs(app, "app").await;
}

#[tokio::test]
async fn while_a_rollback_let_its_sandbox_go() {
    let killed = Killed::during(|app, engine| async move {
        make(&app, "app").await;
        app.start_container(&container("app")).await.unwrap();
        let id = container("app");
        cut(&engine, Operation::Delete, app.reset_container(&id)).await;
    })
    .await;
    let platform = next(killed, Operation::Delete).await;
    settles(&platform, "the sandbox is gone", 0, 0).await;
    assert_eq!(platform.look("app").await.sandbox, None);
    runs(&platform.app, "app").await;
}

#[tokio::test]
async fn while_it_was_being_deleted() {
    let killed = Killed::during(|app, engine| async move {
        make(&app, "app").await;
        app.start_container(&container("app")).await.unwrap();
        let id = container("app");
        app.snapshot_container(&id, None).await.unwrap();
        app.start_container(&id).await.unwrap();
        cut(&engine, Operation::Delete, app.delete_container(&id)).await;
    })
    .await;
    let platform = next(killed, Operation::Delete).await;
    settles(&platform, "nothing is left", 0, 0).await;
    eventually("it is gone", || async {
        let found = platform.app.container(&container("app")).await;
        matches!(found, Err(AppError::NotFound(_)))
    })
    .await;
    make(&platform.app, "app").await;
}

#[tokio::test]
async fn while_a_layer_was_uploaded() {
    let killed = Killed::during(|app, engine| async move {
        let content = Box::new(Cursor::new(b"tar".to_vec()));
        cut(
            &engine,
            Operation::ImportLayer,
            app.import_layer(content, None),
        )
        .await;
    })
    .await;
    assert_eq!(killed.engine.layer_ids().len(), 1);
    let platform = next(killed, Operation::ImportLayer).await;
    settles(&platform, "the layer is gone", 0, 0).await;
}
