//! Recording the ends of programs.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ctnr_engine::{SandboxEngine, SandboxExit};
use futures::StreamExt;

use super::App;
use super::settle::Observation;

/// Listens to every engine, those among them that come later, until the platform stops.
pub(super) async fn record_all(app: App) {
    let mut heard = HashSet::new();
    loop {
        let change = app.inner.engines.changes();
        for engine in app.inner.engines.available() {
            if heard.insert(engine.kind()) {
                tokio::spawn(record(app.clone(), engine));
            }
        }
        tokio::select! {
            () = app.inner.stopping.cancelled() => return,
            () = change => {}
        }
    }
}

/// Records every end that an engine tells, until the platform stops.
async fn record(app: App, engine: Arc<dyn SandboxEngine>) {
    loop {
        let mut exits = engine.exits();
        loop {
            tokio::select! {
                () = app.inner.stopping.cancelled() => return,
                exit = exits.next() => match exit {
                    // Each in a task of its own: one sandbox that is being changed, and whose lock
                    // has to be waited for, does not hold up the others.
                    Some(exit) => drop(tokio::spawn(note(app.clone(), exit))),
                    None => break,
                },
            }
        }
        // The engine has lost its source. What ends meanwhile is found by the reconciler.
        tracing::warn!(engine = %engine.kind(), "the engine's stream of exits ended; listening again");
        tokio::select! {
            () = app.inner.stopping.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Records one end. The database may be away for a while, so it is tried until it succeeds.
async fn note(app: App, exit: SandboxExit) {
    let SandboxExit { id, status } = &exit;
    app.retry("recording the end of a program", || async {
        let lock = app.inner.locks.lock(id).await;
        let seen = Observation {
            status: status.clone(),
            ports: None,
        };
        app.settle(id, seen, &[], &lock).await
    })
    .await;
    if let Err(error) = app.follow_end(id).await {
        tracing::warn!(id = id.short(), %error, "the end of a container's session could not be recorded; it is tried again");
    }
}
