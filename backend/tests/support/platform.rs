//! An app over a database and engines in memory.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use backend::app::{App, AppParts, NewSandbox, Sandbox};
use backend::jobs::Handlers;
use ctnr_agent::Engines;
use ctnr_engine::SandboxEngine;
use ctnr_model::{EngineKind, ImageReference, SandboxQuery};

use super::{FakeEngine, TestDatabase};

/// The mark of the installation in tests.
const INSTALLATION: &str = "00000000000000000000000000000001";

/// A platform: the native engine is in memory, Docker is missing.
pub(crate) struct Platform {
    pub(crate) app: App,
    pub(crate) engine: FakeEngine,
    pub(crate) database: TestDatabase,
}

impl Platform {
    /// A platform on SQLite whose background work runs.
    pub(crate) async fn start() -> Self {
        Self::over(TestDatabase::sqlite(), FakeEngine::new(EngineKind::Native)).await
    }

    /// A platform on SQLite without background work, which would mend what a test has broken.
    pub(crate) async fn quiet() -> Self {
        let (database, engine) = (TestDatabase::sqlite(), FakeEngine::new(EngineKind::Native));
        Self {
            app: Self::app(&database, &engine, true).await,
            engine,
            database,
        }
    }

    /// A platform over what a process before it may have left.
    pub(crate) async fn over(database: TestDatabase, engine: FakeEngine) -> Self {
        let app = Self::app(&database, &engine, true).await;
        app.start();
        Self {
            app,
            engine,
            database,
        }
    }

    /// The app alone, without background work.
    pub(crate) async fn app(
        database: &TestDatabase,
        engine: &FakeEngine,
        reap_unknown: bool,
    ) -> App {
        App::new(Self::parts(database, engine, reap_unknown).await)
    }

    /// What the app is made of.
    pub(crate) async fn parts(
        database: &TestDatabase,
        engine: &FakeEngine,
        reap_unknown: bool,
    ) -> AppParts {
        let native: Arc<dyn SandboxEngine> = Arc::new(engine.clone());
        AppParts {
            store: database.open().await,
            engines: Engines::new(
                [
                    (EngineKind::Native, Ok(native)),
                    (EngineKind::Docker, Err("start dockerd".to_owned())),
                ],
                None,
            ),
            installation: INSTALLATION.to_owned(),
            reap_unknown,
            scratch: files(database).join("scratch"),
            uploads: files(database).join("uploads"),
            host_folders: Vec::new(),
            handlers: Handlers::standard(),
            reach: None,
            holds_host: true,
        }
    }

    /// A sandbox of busybox.
    pub(crate) async fn create(&self, name: &str) -> Sandbox {
        self.app.create_sandbox(busybox(name)).await.unwrap()
    }
}

/// Where a platform keeps its files: beside its database where that is a file, so that they go with
/// it.
fn files(database: &TestDatabase) -> PathBuf {
    match database.url.strip_prefix("sqlite://") {
        Some(path) => Path::new(path).with_file_name("files"),
        None => std::env::temp_dir().join("ctnr-backend-tests"),
    }
}

/// A request for a sandbox of busybox.
pub(crate) fn busybox(name: &str) -> NewSandbox {
    NewSandbox {
        name: Some(name.parse().unwrap()),
        ..NewSandbox::of(ImageReference::parse("busybox").unwrap())
    }
}

/// A query.
pub(crate) fn query(text: &str) -> SandboxQuery {
    SandboxQuery::parse(text).unwrap()
}

/// Waits until the condition holds. Only a test that fails waits long.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    for _ in 0..1_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come about that {what}");
}
