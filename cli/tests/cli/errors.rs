//! What goes wrong, and what the user is told.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use insta::assert_snapshot;

use crate::support::{Mock, Ran, bare, error};

#[test]
fn no_backend_says_how_to_start_one() {
    // A port that was free a moment ago, and to which nothing listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let ran = Ran::of(bare(&["--host", &url, "sandbox", "ls"]));
    assert_snapshot!(ran.shown().replace(&url, "URL"));
}

#[test]
fn a_foreign_server_is_told_from_a_backend() {
    let routes = Router::new()
        .route(
            "/v1/sandboxes",
            get(|| async { (StatusCode::FORBIDDEN, "<html>") }),
        )
        .route("/v1/info", get(|| async { "<html>welcome" }));
    let mock = Mock::new(routes);
    let refused = mock.run(&["sandbox", "ls"]);
    assert_snapshot!("foreign-status", refused.shown().replace(&mock.url, "URL"));
    let odd = mock.run(&["info"]);
    assert_snapshot!("foreign-body", odd.shown().replace(&mock.url, "URL"));
}

#[test]
fn a_missing_sandbox_is_named() {
    let mock = Mock::new(Router::new());
    assert_snapshot!("missing", mock.run(&["sandbox", "inspect", "nope"]).shown());
    assert_snapshot!(
        "missing-of-several",
        mock.run(&["sandbox", "rm", "one", "two"]).shown()
    );
    let forced = mock.run(&["sandbox", "rm", "-f", "one", "two"]);
    assert_eq!((forced.code, forced.out.as_str()), (0, ""));
}

#[test]
fn a_missing_key_says_where_it_comes_from() {
    let routes = Router::new().route(
        "/v1/info",
        get(
            async |headers: axum::http::HeaderMap| match headers.get("x-api-key") {
                Some(key) if key == "s3cret" => axum::Json(serde_json::json!({
                    "name": "ctnr", "version": "9.9.9", "api": "v1", "engines": []
                }))
                .into_response(),
                _ => error(
                    StatusCode::UNAUTHORIZED,
                    "UNAUTHORIZED",
                    "send the server's CONTAINERS_API_KEY in the header X-API-Key",
                ),
            },
        ),
    );
    let mock = Mock::new(routes);
    assert_snapshot!(mock.run(&["info"]).shown());
    let mut with_key = mock.command(&["info"]);
    with_key.env("CONTAINERS_API_KEY", "s3cret");
    assert!(Ran::of(with_key).good().contains("9.9.9"));
}

#[test]
fn wrong_arguments_are_refused_before_anything_is_sent() {
    let mock = Mock::new(Router::new());
    for args in [
        &["sandbox", "inspect", "../etc"][..],
        &["sandbox", "create", "-p", "99999", "busybox"],
        &["sandbox", "create", "-m", "lots", "busybox"],
        &["sandbox", "create", "UPPER"],
        &["sandbox", "create", "-l", "=x", "busybox"],
        &["sandbox", "exec", "web"],
        &["sandbox", "exec", "-it", "web", "sh"],
        &["sandbox", "exec", "--timeout", "soon", "web", "ls"],
        &["sandbox", "ls", "--filter", "colour=red"],
        &["sandbox", "rm"],
        &["sandbox", "cp", "a", "b"],
        &["sandbox", "cp", "a:/x", "b:/y"],
        &["sandbox", "logs", "--tail", "-1", "web"],
        &["--host", "ftp://x", "info"],
        &["image", "pull", "-u", "me", "busybox"],
        &["nonsense"],
    ] {
        let ran = mock.run(args);
        assert_eq!(ran.code, 125, "{args:?}: {}", ran.err);
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{args:?}");
    }
    assert_eq!(mock.lines(), [""; 0]);
}

#[test]
fn escape_sequences_of_a_message_are_shown_and_not_obeyed() {
    let routes = Router::new().route(
        "/v1/info",
        get(async || error(StatusCode::BAD_REQUEST, "BAD_REQUEST", "a\u{1b}[2Jb")),
    );
    let ran = Mock::new(routes).run(&["info"]);
    assert_eq!(ran.err, "ctnr: a\\u{1b}[2Jb\n");
}

use axum::response::IntoResponse;
