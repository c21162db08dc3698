//! Containers over the engine in memory, and processes that are killed.

use std::time::Duration;

use backend::app::{App, Container, NewContainer, ProgramRequest, What};
use ctnr_engine::Stdio;
use ctnr_model::{ContainerQuery, ContainerState, EngineKind};

use super::{FakeEngine, Platform, TestDatabase};

/// A query.
pub(crate) fn container(text: &str) -> ContainerQuery {
    ContainerQuery::parse(text).unwrap()
}

/// A command line to run.
pub(crate) fn program(words: &[&str]) -> ProgramRequest {
    ProgramRequest {
        what: What::Command(words.iter().map(|word| (*word).to_owned()).collect()),
        env: Vec::new(),
        workdir: None,
        stdio: Stdio::Pipes { stdin: false },
        detached: false,
        display: None,
    }
}

impl Platform {
    /// A platform whose engine has the runtime `wine:latest`.
    pub(crate) async fn with_runtime() -> Self {
        let engine = FakeEngine::new(EngineKind::Native);
        engine.add_runtime("wine:latest", 0x11);
        Self::over(TestDatabase::sqlite(), engine).await
    }

    /// A container without a program, which is made when this returns.
    pub(crate) async fn container(&self, name: &str) -> Container {
        make(&self.app, name).await
    }

    /// A container as it is at this moment.
    pub(crate) async fn look(&self, name: &str) -> Container {
        self.app.container(&container(name)).await.unwrap()
    }
}

/// Makes a container, and waits until it is made.
pub(crate) async fn make(app: &App, name: &str) -> Container {
    let new = NewContainer {
        name: Some(name.parse().unwrap()),
        ..NewContainer::default()
    };
    let row = app.create_container(new, None).await.unwrap();
    let made = app
        .wait_for_container(&row.id, Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(made.state, ContainerState::Stopped, "{made:?}");
    made
}

/// A platform whose process is gone: what was under way was cut at once.
pub(crate) struct Killed {
    pub(crate) database: TestDatabase,
    pub(crate) engine: FakeEngine,
}

impl Killed {
    /// Runs `scene` on a runtime of its own with the background work, and kills that in the middle
    /// of what it does.
    pub(crate) async fn during<F>(scene: impl FnOnce(App, FakeEngine) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let database = TestDatabase::sqlite();
        let engine = FakeEngine::new(EngineKind::Native);
        engine.add_runtime("wine:latest", 0x11);
        tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let app = Platform::app(&database, &engine, true).await;
                app.start();
                scene(app, engine.clone()).await;
            });
            runtime.shutdown_background();
            Self { database, engine }
        })
        .await
        .unwrap()
    }

    /// The process that follows.
    pub(crate) async fn next(self) -> Platform {
        Platform::over(self.database, self.engine).await
    }
}
