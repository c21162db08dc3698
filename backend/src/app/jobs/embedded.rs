//! Doing jobs in the process that owns the host.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::{App, Result};
use crate::jobs::{Local, Performed, Runner, RunnerConfig};
use crate::store::Lease;

/// How many jobs are done at once in this process.
const CONCURRENCY: usize = 4;

/// For how long a job that is over can be seen, and the key of a request that may be repeated counts.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How often those that were over for longer are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);

/// Claims and does this host's jobs, unless there are workers, until the platform begins to stop.
pub(in crate::app) async fn do_jobs(app: App) {
    let inner = &app.inner;
    let name = format!("backend {}", inner.installation);
    // Whoever had the name before us is gone, since one process at a time owns the host.
    app.retry("taking up the jobs of the process before", || {
        inner.store.expire_leases_of(&name)
    })
    .await;
    let runner = Runner::new(
        inner.store.clone(),
        Arc::new(Local {
            app: app.clone(),
            executions: inner.jobs.clone(),
        }),
        RunnerConfig {
            name,
            hosts: Some(vec![inner.installation.clone()]),
            concurrency: CONCURRENCY,
            yields_to_workers: true,
        },
        inner.closing.clone(),
    );
    runner.run().await;
}

/// Removes jobs that have long been over.
pub(in crate::app) async fn prune_jobs(app: App) {
    loop {
        let before = Timestamp::now()
            .saturating_sub(KEPT)
            .unwrap_or(Timestamp::MIN);
        match app.inner.store.prune_jobs(before).await {
            Ok(0) => {}
            Ok(count) => tracing::info!("{count} jobs that were long over were removed"),
            Err(error) => tracing::warn!(%error, "old jobs could not be removed"),
        }
        if let Err(error) = app.inner.store.prune_request_keys(before).await {
            tracing::warn!(%error, "the keys of old requests could not be removed");
        }
        tokio::select! {
            () = app.inner.stopping.cancelled() => return,
            () = tokio::time::sleep(PRUNE_EVERY) => {}
        }
    }
}

impl App {
    /// Does the host's part of a job for the one that holds its lease, and waits up to `patience`
    /// for its end. Asking again is harmless.
    pub async fn perform_job(&self, lease: &Lease, patience: Duration) -> Result<Performed> {
        Ok(self.inner.jobs.perform(self, lease, patience).await?)
    }
}
