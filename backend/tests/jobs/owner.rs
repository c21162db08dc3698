//! A backend that owns a host, in the test's process, with a handler that the test steers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use backend::app::{App, AppParts, Reach};
use backend::http::{self, Options};
use backend::jobs::{Handlers, Job, JobContext, JobError, JobResult};
use backend::store::{JobRow, NewJob, Store};
use ctnr_model::{EngineKind, JobProgress};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::support::{FakeEngine, Platform, TestDatabase};

pub(crate) const INSTALLATION: &str = "00000000000000000000000000000001";

/// A job that does what its text says.
#[derive(Serialize, Deserialize)]
pub(crate) struct Probe {
    pub(crate) does: String,
}

impl Job for Probe {
    const KIND: &'static str = "probe";
    const MAX_ATTEMPTS: u32 = 3;
}

/// A row of a job that does what the word says.
pub(crate) fn probe(does: &str) -> NewJob {
    Probe {
        does: does.to_owned(),
    }
    .to_row()
    .unwrap()
}

/// What the handler has been through.
#[derive(Clone)]
pub(crate) struct Steering {
    begun: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Steering {
    fn new() -> Self {
        Self {
            begun: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }

    /// How often a job was begun.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    /// Lets so many jobs that wait at the gate pass.
    pub(crate) fn open(&self, count: usize) {
        self.gate.add_permits(count);
    }

    fn handlers(&self) -> Handlers {
        let this = self.clone();
        Handlers::standard().with(move |_: App, job: Probe, context: JobContext| {
            let this = this.clone();
            async move { this.handle(job, context).await }
        })
    }

    async fn handle(self, job: Probe, context: JobContext) -> JobResult {
        let before = self.begun.fetch_add(1, Ordering::SeqCst);
        context.progress(JobProgress {
            done: 1,
            total: Some(2),
            message: "half".to_owned(),
        });
        match job.does.as_str() {
            "waits" => {
                tokio::select! {
                    permit = self.gate.acquire() => permit.unwrap().forget(),
                    () = context.cancelled() => return Err(JobError::Cancelled),
                }
            }
            "fails" => return Err(JobError::Failed("it is no good".to_owned())),
            "fails once" if before == 0 => return Err(JobError::Retry("not yet".to_owned())),
            "panics" => panic!("as it was told"),
            _ => {}
        }
        Ok(serde_json::json!({ "done": job.does }))
    }
}

/// The backend.
pub(crate) struct Owner {
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) steering: Steering,
}

impl Owner {
    /// One that listens nowhere and has not been started.
    pub(crate) async fn quiet(database: &TestDatabase) -> Self {
        Self::build(database, None).await
    }

    /// One that does jobs.
    pub(crate) async fn start(database: &TestDatabase) -> Self {
        let owner = Self::quiet(database).await;
        owner.app.start();
        owner
    }

    /// One that does jobs, and that workers reach.
    pub(crate) async fn serve(database: &TestDatabase) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let owner = Self::build(database, Some(Reach::at(url))).await;
        tokio::spawn(http::serve(listener, owner.app.clone(), Options::default()));
        owner
    }

    async fn build(database: &TestDatabase, reach: Option<Reach>) -> Self {
        let steering = Steering::new();
        let engine = FakeEngine::new(EngineKind::Native);
        let parts = AppParts {
            handlers: steering.handlers(),
            reach,
            ..Platform::parts(database, &engine, true).await
        };
        let store = parts.store.clone();
        let app = App::new(parts);
        Self {
            app,
            store,
            steering,
        }
    }

    pub(crate) async fn enqueue(&self, does: &str) -> JobRow {
        self.app.enqueue_job(&probe(does)).await.unwrap().job
    }
}
