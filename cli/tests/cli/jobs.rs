//! Jobs, runtimes, the host and events of Win32 containers.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use axum::body::Body;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use futures::StreamExt;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::containers::container;
use crate::support::{ID, Mock};

const DIGEST: &str = "sha256:6a5076a8bb1e40a8bca44f4b4a61b4f4a392f2ce8c62cba4818aa20e344526a9";

fn job(state: &str) -> Value {
    let created = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(200);
    json!({
        "id": ID, "kind": "runtime_build", "state": state, "priority": 10,
        "attempts": 1, "max_attempts": 5, "cancel_requested": false, "revision": 3,
        "progress": {"done": 1, "total": 4, "message": "fetching packages"},
        "created_at": created.to_string(), "run_at": "2026-01-02T03:04:05Z"
    })
}

/// The states of a job that ends in this one.
fn states(end: &'static str) -> Router {
    Router::new()
        .route(
            "/api/runtimes",
            post(async || (StatusCode::ACCEPTED, Json(json!({ "job": ID })))),
        )
        .route(
            "/api/jobs/{id}/events",
            get(async move || {
                let mut last = job(end);
                if end == "dead" {
                    last["error"] = json!("no mirror answered");
                }
                let states = [job("queued"), job("running"), job("running"), last];
                states.map(|state| format!("{state}\n")).concat()
            }),
        )
}

#[test]
fn jobs_are_listed_shown_called_off_and_tried_again() {
    let routes = Router::new()
        .route(
            "/api/jobs",
            get(async || Json(json!({"jobs": [job("running"), job("dead")]}))),
        )
        .route(
            "/api/jobs/{id}",
            get(async || {
                let mut job = job("dead");
                job["created_at"] = json!("2026-01-02T03:04:05Z");
                job["error"] = json!("no mirror answered");
                Json(job)
            })
            .delete(async || Json(job("cancelled"))),
        )
        .route("/api/jobs/{id}/retry", post(async || Json(job("queued"))));
    let mock = Mock::new(routes);
    assert_snapshot!(
        "jobs",
        mock.run(&["jobs", "-s", "dead", "--kind", "create"]).good()
    );
    assert_snapshot!("job", mock.run(&["jobs", "inspect", "a3f8"]).good());
    assert!(
        mock.run(&["jobs", "cancel", "a3f8"])
            .good()
            .contains("cancelled")
    );
    let retried = mock.run(&["jobs", "retry", "a3f8", "--json"]);
    let retried: Value = serde_json::from_str(retried.good()).unwrap();
    assert_eq!(retried["state"], "queued");
    assert_eq!(
        mock.lines(),
        [
            "GET /api/jobs?state=dead&kind=create&limit=50",
            "GET /api/jobs/a3f8",
            "DELETE /api/jobs/a3f8",
            "POST /api/jobs/a3f8/retry",
        ]
    );
}

#[test]
fn a_build_shows_its_progress_and_fails_with_its_job() {
    let mock = Mock::new(states("succeeded"));
    assert_snapshot!("build", mock.run(&["runtime", "build", "--force"]).shown());
    assert_eq!(mock.seen()[0].json(), json!({"force": true}));
    let detached = mock.run(&["runtime", "build", "-d"]);
    assert_eq!(detached.good(), format!("{ID}\n"));
    let watched = mock.run(&["jobs", "watch", "a3f8", "--json"]);
    let last: Value = serde_json::from_str(watched.good()).unwrap();
    assert_eq!(
        (&last["state"], watched.err.as_str()),
        (&json!("succeeded"), "")
    );
    let dead = Mock::new(states("dead")).run(&["runtime", "build", "-q"]);
    assert_eq!(
        dead.shown(),
        "--- 125\nctnr: job a3f8c2d1e4b5 is dead: no mirror answered\n"
    );
}

fn runtimes() -> Value {
    let built = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(200);
    json!([{
        "digest": DIGEST, "image": DIGEST, "names": ["wine:latest", "wine:10.0"],
        "size": 434_000_000, "default": true, "containers": 2, "created_at": built.to_string()
    }])
}

#[test]
fn runtimes_are_listed_and_removed() {
    let routes = Router::new()
        .route(
            "/api/runtimes",
            get(async || Json(json!({ "runtimes": runtimes() }))),
        )
        .route(
            "/api/runtimes/{id}",
            delete(async || StatusCode::NO_CONTENT),
        );
    let mock = Mock::new(routes);
    assert_snapshot!("runtimes", mock.run(&["runtime", "ls"]).good());
    assert_eq!(
        mock.run(&["runtime", "ls", "-q"]).good(),
        format!("{DIGEST}\n")
    );
    assert_eq!(mock.run(&["runtime", "rm", "6a50"]).good(), "6a50\n");
    assert_eq!(mock.lines()[2], "DELETE /api/runtimes/6a50");
}

#[test]
fn a_host_without_a_runtime_says_how_it_comes_to_one() {
    let reason = "there is no runtime";
    let host = json!({
        "id": "c9fe54a0", "system": "linux", "architecture": "x86_64",
        "realisers": [{"name": "wine", "available": false, "reason": reason}], "runtimes": [],
        "engines": [{"name": "native", "default": true, "available": true, "capabilities": []}],
        "host_folders": ["/srv/docs"]
    });
    let mut ready = host.clone();
    ready["realisers"] = json!([{"name": "wine", "available": true}]);
    ready["runtimes"] = runtimes();
    let routes = Router::new()
        .route(
            "/api/runtimes",
            get(async || Json(json!({ "runtimes": [] }))),
        )
        .route("/api/host", get(async move || Json(host)));
    let mock = Mock::new(routes);
    assert_snapshot!("no-runtimes", mock.run(&["runtime", "ls"]).shown());
    assert_snapshot!("bare-host", mock.run(&["host"]).shown());
    let routes = Router::new().route("/api/host", get(async move || Json(ready)));
    assert_snapshot!("host", Mock::new(routes).run(&["host"]).good());
}

#[test]
fn hosts_are_listed_and_looked_at() {
    let seen = "2020-01-01T00:00:00Z";
    let host = json!({
        "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "state": "gone",
        "backend": {"state": "gone", "last_seen": seen},
        "agent": {
            "state": "gone", "enrolled_at": seen, "last_seen": seen, "name": "build-1",
            "version": "0.1.0", "system": "linux", "architecture": "x86_64",
            "realisers": [
                {"name": "wine", "available": true},
                {"name": "hooks", "available": false, "reason": "for Windows hosts"}
            ],
            "engines": [{"name": "docker", "default": true, "available": false,
                "reason": "start dockerd", "capabilities": []}]
        }
    });
    let bare =
        json!({"id": "ff", "state": "ready", "backend": {"state": "ready", "last_seen": seen}});
    let (list, one) = (json!({"hosts": [bare, host]}), host);
    let routes = Router::new()
        .route("/api/hosts", get(async move || Json(list)))
        .route("/api/hosts/build-1", get(async move || Json(one)));
    let mock = Mock::new(routes);
    let listed = mock.run(&["host", "ls"]);
    let rows: Vec<Vec<&str>> = listed
        .good()
        .lines()
        .map(|line| {
            line.split("   ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(rows[1][..6], ["ff", "-", "ready", "ready", "-", "-"]);
    assert_eq!(
        rows[2][..6],
        [
            "0a1b2c3d4e5f",
            "build-1",
            "gone",
            "gone",
            "gone",
            "linux x86_64"
        ]
    );
    assert_eq!(
        mock.run(&["host", "ls", "-q"]).good(),
        "ff\n0a1b2c3d4e5f60718293a4b5c6d7e8f9\n"
    );
    let shown = mock.run(&["host", "inspect", "build-1"]);
    let shown = shown.good();
    for part in [
        "build-1",
        "gone, seen",
        "hooks: for Windows hosts",
        "docker (default): start dockerd",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    let json = mock.run(&["host", "inspect", "build-1", "--json"]);
    assert!(json.good().contains("\"state\": \"gone\""));
}

#[test]
fn events_are_of_the_container_that_is_named() {
    let event = json!({
        "sequence": 7, "time": "2026-01-01T00:00:00.5Z", "subject": "container",
        "action": "snapshot", "id": ID, "attributes": {"name": "office", "snapshot": "before"}
    });
    let piece = format!("id: 7\ndata: {event}\n\n");
    let routes = Router::new()
        .route(
            "/api/containers/office",
            get(async || Json(container("office", "running"))),
        )
        .route(
            "/api/events/containers",
            get(async move || {
                let piece = futures::stream::iter([Ok::<_, std::io::Error>(piece)]);
                Body::from_stream(piece.chain(futures::stream::pending()))
            }),
        );
    let mock = Mock::new(routes);
    let mut child = mock
        .command(&["events", "--after", "6", "office"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(
        line,
        "7      2026-01-01T00:00:00.500Z snapshot a3f8c2d1e4b5 name=office snapshot=before\n"
    );
    assert_eq!(
        mock.lines()[1],
        format!("GET /api/events/containers?after=6&id={ID}")
    );
    let missing = mock.run(&["events", "nope"]);
    assert_eq!(
        missing.err,
        "ctnr: nope: container not found; `ctnr list` lists those that exist\n"
    );
}
