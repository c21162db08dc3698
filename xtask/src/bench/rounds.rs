//! The operations that are measured one at a time, over HTTP.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::http::Api;
use crate::up::Engine;

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

pub(super) fn timed<T>(operation: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let started = Instant::now();
    let value = operation()?;
    Ok((value, started.elapsed()))
}

pub(super) fn create(api: &Api, engine: Engine) -> Result<String> {
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

pub(super) fn exec(api: &Api, id: &str) -> Result<()> {
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

pub(super) fn delete(api: &Api, id: &str) -> Result<()> {
    api.expect(204, "DELETE", &format!("/v1/sandboxes/{id}"), None)?;
    Ok(())
}
