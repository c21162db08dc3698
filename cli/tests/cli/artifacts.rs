//! Containers as files.

use std::collections::BTreeMap;
use std::fs;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::{ID, Mock};

/// A backend with a container `app`, which makes `second` of what is imported.
fn backend() -> Router {
    let job = json!({
        "id": ID, "kind": "import", "state": "succeeded", "priority": 10,
        "attempts": 1, "max_attempts": 3, "cancel_requested": false, "revision": 3,
        "created_at": "2026-01-02T03:04:05Z", "run_at": "2026-01-02T03:04:05Z",
        "result": {
            "name": "second", "network": "egress", "host_folders": ["/srv as C:\\srv (merged)"],
            "entry_points": ["editor"], "artifact": "sha256:6a50",
        },
    });
    Router::new()
        .route(
            "/api/containers/app/export",
            get(async |query: Query<BTreeMap<String, String>>| format!("artifact {:?}", query.0)),
        )
        .route(
            "/api/uploads",
            post(async || {
                (
                    StatusCode::CREATED,
                    Json(json!({ "id": "a", "received": 0 })),
                )
            }),
        )
        .route(
            "/api/uploads/a",
            put(async |body: String| Json(json!({ "id": "a", "received": body.len() })))
                .delete(async || StatusCode::NO_CONTENT),
        )
        .route(
            "/api/artifacts/import",
            post(async || (StatusCode::ACCEPTED, Json(json!({ "job": ID })))),
        )
        .route(
            "/api/artifacts/pull",
            post(async || (StatusCode::ACCEPTED, Json(json!({ "job": ID })))),
        )
        .route(
            "/api/containers/app/push",
            post(async || (StatusCode::ACCEPTED, Json(json!({ "job": ID })))),
        )
        .route(
            "/api/jobs/{id}/events",
            get(async move || format!("{job}\n")),
        )
}

#[test]
fn a_container_becomes_a_file_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.ctnr");
    let path = file.to_str().unwrap();
    let mock = Mock::new(backend());
    mock.run(&["export", "app", "-o", path]).good();
    assert_eq!(fs::read_to_string(&file).unwrap(), "artifact {}");
    let told = mock.run(&["export", "app", "--with-data", "-o", path, "--json"]);
    let told: Value = serde_json::from_str(told.good()).unwrap();
    assert_eq!(told["file"], path);
    assert!(fs::read_to_string(&file).unwrap().contains("with_data"));
    assert_eq!(mock.run(&["export", "app"]).good(), "artifact {}");

    let other = folder.path().join("other.ctnr");
    let missing = mock.run(&["export", "other", "-o", other.to_str().unwrap()]);
    assert!(missing.shown().contains("other"), "{}", missing.shown());
    assert!(!other.exists());
}

#[test]
fn a_file_becomes_a_container_that_says_what_it_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.ctnr");
    fs::write(&file, "artifact").unwrap();
    let path = file.to_str().unwrap();
    let mock = Mock::new(backend());
    let ran = mock.run(&["import", path, "--name", "second", "--allow-host-folders"]);
    let shown = ran.shown();
    assert!(shown.contains("second\n"), "{shown}");
    assert!(
        shown.contains("network: egress") && shown.contains("/srv as"),
        "{shown}"
    );
    assert!(shown.contains("`ctnr run second`"), "{shown}");
    let asked = mock.seen()[2].json();
    let expected = json!({ "upload": "a", "name": "second", "host_folders": "allow" });
    assert_eq!(asked, expected);
    assert_eq!(mock.lines().last().unwrap(), "DELETE /api/uploads/a");

    assert_eq!(mock.run(&["import", path, "-q"]).good(), "second\n");
    let detached = mock.run(&["import", path, "-d", "--no-host-folders"]);
    assert_eq!(detached.good(), format!("{ID}\n"));
    let both = mock.run(&["import", path, "--allow-host-folders", "--no-host-folders"]);
    assert!(
        both.shown().contains("cannot be used with"),
        "{}",
        both.shown()
    );
}

#[test]
fn a_container_goes_to_a_registry_and_comes_from_it() {
    let mock = Mock::new(backend());
    let place = "localhost:5000/app:1";
    let pushed = mock.run(&["push", "app", place, "--with-data", "-q"]);
    assert_eq!(pushed.good(), "sha256:6a50\n");
    let asked = mock.seen()[0].json();
    assert_eq!(asked, json!({ "reference": place, "with_data": true }));
    let pulled = mock.run(&["pull", place, "--name", "second", "-q"]);
    assert_eq!(pulled.good(), "second\n");
    let asked = mock.seen()[2].json();
    let expected = json!({ "reference": place, "name": "second", "host_folders": "refuse" });
    assert_eq!(asked, expected);
}
