//! The operations that are measured, over HTTP.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::figures::per_second;
use crate::http::Api;
use crate::up::Engine;

/// How many sandboxes are created at a time.
const CREATORS: usize = 20;
/// How many commands are executed at a time, and how many in all.
const EXECUTORS: usize = 4;
const EXECS: usize = 200;

/// The times of one round.
pub(super) struct Round {
    pub(super) create: Duration,
    pub(super) exec: Duration,
    pub(super) delete: Duration,
}

/// Creates a sandbox, executes `/bin/true` in it and deletes it.
pub(super) fn one(api: &Api, engine: Engine) -> Result<Round> {
    let (id, create) = timed(|| create(api, engine))?;
    let ((), exec) = timed(|| exec(api, &id))?;
    let ((), delete) = timed(|| delete(api, &id))?;
    Ok(Round {
        create,
        exec,
        delete,
    })
}

/// Creates many sandboxes at a time, and answers how many a second that were.
pub(super) fn creates_per_second(api: &Api, engine: Engine) -> Result<f64> {
    let (ids, time) = timed(|| {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..CREATORS)
                .map(|_| scope.spawn(|| create(api, engine)))
                .collect();
            threads.into_iter().map(joined).collect::<Result<Vec<_>>>()
        })
    })?;
    for id in &ids {
        delete(api, id)?;
    }
    Ok(per_second(ids.len(), time))
}

/// Executes many commands in one sandbox, and answers how many a second that were.
pub(super) fn execs_per_second(api: &Api, engine: Engine) -> Result<f64> {
    let id = create(api, engine)?;
    let left = AtomicUsize::new(EXECS);
    let take = || {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            count.checked_sub(1)
        })
    };
    let ((), time) = timed(|| {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..EXECUTORS)
                .map(|_| {
                    scope.spawn(|| {
                        while take().is_ok() {
                            exec(api, &id)?;
                        }
                        Ok(())
                    })
                })
                .collect();
            threads.into_iter().try_for_each(joined)
        })
    })?;
    delete(api, &id)?;
    Ok(per_second(EXECS, time))
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    match thread.join() {
        Ok(result) => result,
        Err(_) => bail!("a measuring thread panicked"),
    }
}

fn timed<T>(operation: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let started = Instant::now();
    let value = operation()?;
    Ok((value, started.elapsed()))
}

fn create(api: &Api, engine: Engine) -> Result<String> {
    let body = json!({
        "image": "busybox:latest",
        "cmd": ["sleep", "infinity"],
        "ports": ["80/tcp"],
        "engine": engine.name(),
    });
    let answer = api.send("POST", "/v1/sandboxes", Some(&body))?;
    if !matches!(answer.status, 200 | 201) {
        bail!("creating a sandbox failed: {}", answer.shown());
    }
    answer.body["id"]
        .as_str()
        .map(str::to_owned)
        .context("the answer to a creation has no id")
}

fn exec(api: &Api, id: &str) -> Result<()> {
    let body = json!({"cmd": ["/bin/true"]});
    let answer = api.expect(
        200,
        "POST",
        &format!("/v1/sandboxes/{id}/exec"),
        Some(&body),
    )?;
    if answer["exit_code"] != 0 {
        bail!("/bin/true failed: {answer}");
    }
    Ok(())
}

fn delete(api: &Api, id: &str) -> Result<()> {
    api.expect(204, "DELETE", &format!("/v1/sandboxes/{id}"), None)?;
    Ok(())
}
