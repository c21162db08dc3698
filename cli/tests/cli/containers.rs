//! Creating, listing, inspecting, changing and removing Win32 containers.

use std::fs;

use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{ID, Mock};

const LAYER: &str = "2b496552256695279d96d406784b4e6467e22fabcaa57ff28b4d65cecc0be2f5";

/// A container as the API shows it.
pub(crate) fn container(name: &str, state: &str) -> Value {
    let created = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(200);
    json!({
        "id": ID, "name": name, "state": state,
        "runtime": {"name": "wine:latest", "digest": format!("sha256:{LAYER}")},
        "entry_points": ["7za", "list"], "layers": [LAYER], "base_layers": 1,
        "labels": {"team": "office"}, "limits": {"memory": 2_147_483_648_u64, "pids": 4096},
        "network": "open", "engine": "native", "host": "c9fe54a0",
        "created_at": created.to_string(), "changed_at": "2026-01-02T03:04:06Z",
        "later": "a field of a later version"
    })
}

/// Routes on which `office` can be created, with or without files.
fn creation(created: &'static str, shown: &'static str) -> Router {
    Router::new()
        .route(
            "/api/containers",
            post(async move || {
                let mut answer = container("office", created);
                answer["job"] = json!("ab".repeat(32));
                (StatusCode::CREATED, Json(answer))
            }),
        )
        .route(
            "/api/containers/{id}",
            get(async move || {
                let mut answer = container("office", shown);
                if shown == "failed" {
                    answer["error"] = json!("the disk is full");
                }
                Json(answer)
            }),
        )
        .route(
            "/api/containers/{id}/start",
            post(async || Json(container("office", "running"))),
        )
        .route(
            "/api/layers",
            post(async || (StatusCode::CREATED, Json(json!({"id": LAYER, "size": 5})))),
        )
        .route(
            "/api/jobs/{id}/events",
            get(async || {
                let job = |state: &str| {
                    json!({
                        "id": "ab".repeat(32), "kind": "create", "state": state, "priority": 0,
                        "attempts": 1, "max_attempts": 5, "cancel_requested": false,
                        "progress": {"done": 1, "total": 2, "message": "importing"}, "revision": 1,
                        "created_at": "2026-01-02T03:04:06Z", "run_at": "2026-01-02T03:04:06Z"
                    })
                };
                format!("{}\n{}\n", job("running"), job("succeeded"))
            }),
        )
}

#[test]
fn create_sends_all_of_its_options_and_the_files_first() {
    let mock = Mock::new(creation("stopped", "stopped"));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(at("program")).unwrap();
    fs::write(at("program/7za.exe"), "MZ").unwrap();
    fs::write(at("container.toml"), "schema = 1\n").unwrap();
    fs::write(at("user.toml"), "schema = 2\n").unwrap();
    let ran = mock.run(&[
        "create",
        "office",
        "-f",
        &at("container.toml"),
        "--override",
        &at("user.toml"),
        "--from",
        &at("program"),
        "--at",
        "C:\\Program Files\\7-Zip",
        "--layer",
        LAYER,
        "--runtime",
        "wine:10",
        "-e",
        "A=b=c",
        "-l",
        "team=office",
        "--memory",
        "512m",
        "--network",
        "none",
        "--folder",
        "Documents=/srv/docs",
        "--start",
    ]);
    assert_eq!(ran.good(), format!("{ID}\n"));
    assert_eq!(
        ran.err,
        "files: sending 2 KiB\ncontainer office is running\n"
    );
    let seen = mock.seen();
    assert_eq!(
        mock.lines(),
        [
            "POST /api/layers?at=C%3A%5CProgram+Files%5C7-Zip".to_owned(),
            "POST /api/containers".to_owned(),
            format!("POST /api/containers/{ID}/start"),
        ]
    );
    assert!(
        String::from_utf8_lossy(&seen[0].body).starts_with("7za.exe\0"),
        "the archive holds what is in the directory, and not the directory"
    );
    assert_eq!(
        seen[1].json(),
        json!({
            "name": "office", "manifest": "schema = 1\n", "overrides": ["schema = 2\n"],
            "runtime": "wine:10", "layers": [LAYER, LAYER], "labels": {"team": "office"},
            "env": ["A=b=c"], "limits": {"memory": 536_870_912}, "network": "none",
            "folders": {"Documents": "/srv/docs"}
        })
    );
}

#[test]
fn a_creation_that_takes_long_is_followed() {
    let mock = Mock::new(creation("creating", "stopped"));
    let ran = mock.run(&["create", "office"]);
    assert_eq!(ran.good(), format!("{ID}\n"));
    assert_eq!(
        ran.err,
        "create: importing (50 %)\ncreate: succeeded\ncontainer office is stopped\n"
    );
    let quiet = mock.run(&["create", "-q"]);
    assert_eq!(
        (quiet.good(), quiet.err.as_str()),
        (format!("{ID}\n").as_str(), "")
    );
    assert_eq!(mock.seen()[3].json(), json!({}));
    let json: Value = serde_json::from_str(mock.run(&["create", "--json", "-q"]).good()).unwrap();
    assert_eq!(json["later"], "a field of a later version");
}

#[test]
fn a_creation_that_fails_says_why_and_what_is_left() {
    let mock = Mock::new(creation("failed", "failed"));
    assert_snapshot!(mock.run(&["create", "office"]).shown());
}

#[test]
fn what_is_no_directory_or_prefix_is_not_sent() {
    let mock = Mock::new(creation("stopped", "stopped"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let prefix = mock.run(&["create", "--prefix", path]);
    assert!(prefix.err.contains("no drive_c"), "{}", prefix.err);
    let missing = mock.run(&["create", "--from", "/nowhere/at/all"]);
    assert!(missing.err.contains("/nowhere/at/all"), "{}", missing.err);
    let both = mock.run(&["create", "--from", path, "--prefix", path]);
    let odd = mock.run(&["create", "--folder", "Documents"]);
    assert!(odd.err.contains("NAME=DIR"), "{}", odd.err);
    let nowhere = mock.run(&["create", "--at", "C:\\App"]);
    for ran in [prefix, missing, both, odd, nowhere] {
        assert_eq!((ran.code, ran.out.as_str()), (125, ""), "{}", ran.err);
    }
    assert_eq!(mock.lines(), [""; 0]);
    fs::create_dir(folder.path().join("drive_c")).unwrap();
    mock.run(&["create", "--prefix", path]).good();
    assert_eq!(mock.lines()[0], "POST /api/layers?at=prefix");
}

#[test]
fn list_shows_a_table_and_follows_pages() {
    let routes = Router::new().route(
        "/api/containers",
        get(async |uri: axum::http::Uri| {
            Json(if uri.query().unwrap_or_default().contains("cursor=more") {
                json!({"containers": [container("desk", "stopped")]})
            } else {
                json!({"containers": [container("office", "running")], "next": "more"})
            })
        }),
    );
    let mock = Mock::new(routes);
    assert_snapshot!(
        mock.run(&[
            "list",
            "-l",
            "team=office",
            "-s",
            "running",
            "-s",
            "stopped"
        ])
        .good()
    );
    assert_eq!(
        mock.lines(),
        [
            "GET /api/containers?state=running&state=stopped&label=team%3Doffice&limit=1000",
            "GET /api/containers?state=running&state=stopped&label=team%3Doffice&limit=1000&cursor=more",
        ]
    );
    assert_eq!(
        mock.run(&["ls", "-q"]).good(),
        "a3f8c2d1e4b5\na3f8c2d1e4b5\n"
    );
    let one = mock.run(&["list", "-q", "--no-trunc", "-n", "1"]);
    assert_eq!(one.good(), format!("{ID}\n"));
    let json: Value = serde_json::from_str(mock.run(&["list", "--json"]).good()).unwrap();
    assert_eq!(json["containers"].as_array().unwrap().len(), 2);
    assert_eq!(mock.run(&["list", "--state", "asleep"]).code, 125);
}

#[test]
fn inspect_manifest_and_plan_show_what_is_known() {
    let mut office = container("office", "running");
    office["created_at"] = json!("2026-01-02T03:04:05Z");
    let expected = office.clone();
    let plan = json!({"bitness": "x64", "entries": []});
    let shown = plan.clone();
    let routes = Router::new()
        .route("/api/containers/office", get(async move || Json(office)))
        .route(
            "/api/containers/office/manifest",
            get(async || "schema = 1\nname = \"office\"\n"),
        )
        .route(
            "/api/containers/office/plan",
            get(async move || Json(shown)),
        );
    let mock = Mock::new(routes);
    assert_snapshot!(mock.run(&["inspect", "office"]).good());
    let json: Value =
        serde_json::from_str(mock.run(&["inspect", "office", "--json"]).good()).unwrap();
    assert_eq!(json, expected);
    let manifest = mock.run(&["manifest", "office"]);
    assert_eq!(manifest.good(), "schema = 1\nname = \"office\"\n");
    let printed: Value =
        serde_json::from_str(mock.run(&["plan", "--target", "windows", "office"]).good()).unwrap();
    assert_eq!(printed, plan);
    assert_eq!(
        mock.lines().last().unwrap(),
        "GET /api/containers/office/plan?target=windows"
    );
    assert_eq!(mock.run(&["plan", "--target", "beos", "office"]).code, 125);
}

/// Routes that change the container of the path.
fn changes() -> Router {
    let changed = || post(async || Json(container("office", "stopped")));
    Router::new()
        .route("/api/containers/{id}/start", changed())
        .route("/api/containers/{id}/stop", changed())
        .route("/api/containers/{id}/reset", changed())
        .route("/api/containers/{id}/rollback", changed())
        .route("/api/containers/{id}/clone", changed())
        .route("/api/containers/{id}/runtime", changed())
        .route(
            "/api/containers/{id}/snapshots",
            post(async || {
                let snapshot =
                    json!({"name": "before", "layers": 2, "created_at": "2026-01-02T03:04:05Z"});
                (StatusCode::CREATED, Json(snapshot))
            })
            .get(async || {
                let then = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(200);
                let snapshot =
                    json!({"name": "before", "layers": 2, "created_at": then.to_string()});
                Json(json!({ "snapshots": [snapshot] }))
            }),
        )
        .route(
            "/api/containers/{id}/snapshots/{name}",
            delete(async || StatusCode::NO_CONTENT),
        )
        .route(
            "/api/containers/office",
            delete(async || StatusCode::NO_CONTENT),
        )
}

#[test]
fn verbs_of_several_print_the_names_that_they_were_given() {
    let mock = Mock::new(changes());
    for (args, path) in [
        (&["start", "office", "desk"][..], "start"),
        (&["stop", "-t", "0.5", "office", "desk"], "stop"),
        (&["reset", "office", "desk"], "reset"),
    ] {
        assert_eq!(mock.run(args).good(), "office\ndesk\n");
        // They are sent at once.
        let lines = mock.lines();
        let mut last = lines[lines.len() - 2..].to_vec();
        last.sort();
        assert_eq!(
            last,
            ["desk", "office"].map(|name| format!("POST /api/containers/{name}/{path}"))
        );
    }
    assert_eq!(mock.seen()[2].json(), json!({"timeout": 0.5}));
    let json = mock.run(&["stop", "office", "desk", "--json"]);
    assert_eq!(json.good().lines().count(), 2);
}

#[test]
fn snapshots_are_made_listed_gone_back_to_and_forgotten() {
    let mock = Mock::new(changes());
    let made = mock.run(&["snapshot", "office", "before"]);
    assert_eq!(made.good(), "before\n");
    assert_eq!(mock.seen()[0].json(), json!({"name": "before"}));
    assert_eq!(mock.run(&["snapshot", "office"]).good(), "before\n");
    assert_eq!(mock.seen()[1].json(), json!({}));
    assert_snapshot!(mock.run(&["snapshot", "office", "--list"]).good());
    let back = mock.run(&["rollback", "office", "before"]);
    assert_eq!(back.good(), "office\n");
    assert_eq!(mock.seen()[3].json(), json!({"snapshot": "before"}));
    let forgotten = mock.run(&["snapshot", "office", "--remove", "before"]);
    assert_eq!(forgotten.good(), "before\n");
    assert_eq!(
        mock.lines()[4],
        "DELETE /api/containers/office/snapshots/before"
    );
    let odd = mock.run(&["snapshot", "office", "before", "--list"]);
    assert_eq!(odd.code, 125);
}

#[test]
fn a_clone_and_a_move_say_what_came_of_them() {
    let mock = Mock::new(changes());
    let clone = mock.run(&["clone", "office", "desk"]);
    assert_eq!(clone.good(), format!("{ID}\n"));
    let moved = mock.run(&["runtime", "move", "office", "wine:11"]);
    assert_eq!(moved.good(), format!("sha256:{LAYER}\n"));
    let bodies: Vec<Value> = mock.seen().iter().map(|seen| seen.json()).collect();
    assert_eq!(
        bodies,
        [json!({"name": "desk"}), json!({"runtime": "wine:11"})]
    );
}

#[test]
fn rm_names_the_containers_that_do_not_exist() {
    let mock = Mock::new(changes());
    assert_snapshot!(mock.run(&["rm", "office", "nope", "none"]).shown());
    let forced = mock.run(&["rm", "-f", "office", "nope"]);
    assert_eq!((forced.good(), forced.err.as_str()), ("office\n", ""));
    let json = mock.run(&["rm", "--json", "office"]);
    assert_eq!(
        json.good(),
        "{\"container\":\"office\",\"status\":\"removed\"}\n"
    );
    assert_eq!(mock.run(&["rm"]).code, 125);
}
