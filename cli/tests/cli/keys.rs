//! Keys to the API.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Mock, Ran, bare, error};

const SECRET: &str = "ctnr_0123456789abcdef_swordfish";

fn key(name: &str) -> Value {
    json!({
        "id": "0123456789abcdef", "name": name, "state": "active",
        "scopes": ["images:read", "sandboxes:write"], "created_by": "root",
        "created_at": "2020-01-02T03:04:05.678Z"
    })
}

fn created() -> Router {
    let answer = async || {
        let mut created = key("ci");
        created["secret"] = json!(SECRET);
        (StatusCode::CREATED, Json(created))
    };
    Router::new().route("/api/keys", post(answer))
}

#[test]
fn the_secret_of_a_key_is_the_output_and_nothing_else() {
    let mock = Mock::new(created());
    let line = "key create ci -s sandboxes:write --scope images:read --rate 50 --burst 100 --expires 2100-01-01T00:00:00Z";
    let made = mock.run(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(made.good(), format!("{SECRET}\n"));
    assert!(made.err.contains("not shown again") && !made.err.contains(SECRET));
    assert_eq!(
        mock.seen()[0].json(),
        json!({
            "name": "ci", "scopes": ["images:read", "sandboxes:write"], "rate": 50, "burst": 100,
            "expires_at": "2100-01-01T00:00:00Z"
        })
    );
    let before = jiff::Timestamp::now();
    let json = mock.run(&[
        "key",
        "create",
        "ci",
        "-s",
        "admin",
        "--expires",
        "30d",
        "--json",
    ]);
    let json: Value = serde_json::from_str(json.good()).unwrap();
    assert_eq!(json["secret"], SECRET);
    let sent = mock.seen()[1].json();
    let end: jiff::Timestamp = sent["expires_at"].as_str().unwrap().parse().unwrap();
    let days = end.duration_since(before).as_secs() / 86_400;
    assert_eq!((days, sent.get("rate")), (30, None));
}

#[test]
fn what_cannot_be_a_key_is_not_asked_for() {
    for (line, part) in [
        ("key create ci", "--scope"),
        ("key create ci -s sandboxes", "sandboxes:read"),
        ("key create ci -s admin --expires soon", "30d"),
        ("key create ci -s admin --rate 0", "--rate"),
        ("key create c/i -s admin", "name"),
        ("key inspect ..", "key id or name"),
        ("key revoke", "KEY"),
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let ran = Ran::of(bare(&args));
        assert_eq!(ran.code, 125, "{line}");
        assert!(ran.err.contains(part), "{line}: {}", ran.err);
    }
}

#[test]
fn keys_are_listed_and_shown() {
    let mut expired = key("guest");
    expired["state"] = json!("expired");
    expired["expires_at"] = json!("2020-02-02T00:00:00Z");
    expired["rate"] = json!(5);
    expired["last_used_at"] = json!("2020-01-03T00:00:00Z");
    let (list, one) = (json!({"keys": [key("ci"), expired]}), expired.clone());
    let routes = Router::new()
        .route("/api/keys", get(async move || Json(list)))
        .route("/api/keys/guest", get(async move || Json(one)));
    let mock = Mock::new(routes);
    let listed = mock.run(&["key", "ls"]);
    let rows: Vec<&str> = listed.good().lines().collect();
    assert_eq!(rows.len(), 3);
    for (row, parts) in [
        (
            rows[1],
            ["ci", "active", "images:read sandboxes:write", "never"],
        ),
        (rows[2], ["guest", "expired", "5/s", "2020-02-02T00:00:00Z"]),
    ] {
        assert!(parts.iter().all(|part| row.contains(part)), "{row}");
    }
    let ids = "0123456789abcdef\n".repeat(2);
    assert_eq!(mock.run(&["key", "list", "-q"]).good(), ids);
    let shown = mock.run(&["key", "inspect", "guest"]);
    let shown: Vec<&str> = shown
        .good()
        .lines()
        .filter(|line| !line.starts_with("Last used"))
        .collect();
    assert_snapshot!("key", shown.join("\n"));
    let json = mock.run(&["key", "inspect", "guest", "--json"]);
    let json: Value = serde_json::from_str(json.good()).unwrap();
    assert_eq!(json, expired);
}

#[test]
fn keys_are_revoked_and_those_that_are_missing_named() {
    let missing = || error(StatusCode::NOT_FOUND, "NOT_FOUND", "key not found");
    let routes = Router::new()
        .route(
            "/api/keys/ci",
            axum::routing::delete(async || StatusCode::NO_CONTENT),
        )
        .route(
            "/api/keys/gone",
            axum::routing::delete(async move || missing()),
        );
    let mock = Mock::new(routes);
    assert_eq!(mock.run(&["key", "revoke", "ci"]).good(), "ci\n");
    let json = mock.run(&["key", "rm", "ci", "--json"]);
    assert_eq!(json.good(), "{\"key\":\"ci\",\"status\":\"revoked\"}\n");
    let gone = mock.run(&["key", "revoke", "gone"]);
    assert_eq!(
        gone.shown(),
        "--- 125\nctnr: gone: key not found; `ctnr key ls` lists those that exist\n"
    );
    assert_eq!(
        mock.run(&["key", "revoke", "-f", "gone", "ci"]).good(),
        "ci\n"
    );
}
