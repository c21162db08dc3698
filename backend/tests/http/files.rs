//! Files in sandboxes.

use axum::http::Method;
use serde_json::json;

use super::api::{Api, request};

async fn start() -> Api {
    let api = Api::start().await;
    api.create("box").await;
    api
}

const FILES: &str = "/v1/sandboxes/box/files";

#[tokio::test]
async fn files_are_written_read_listed_moved_and_removed() {
    let api = start().await;
    let made = api
        .post(
            &format!("{FILES}/mkdir"),
            r#"{"path":"/tmp","parents":true}"#,
        )
        .await;
    assert_eq!(made.status, 204);
    let written = api
        .put(&format!("{FILES}?path=/tmp/a.txt&mode=600"), "hello")
        .await;
    assert_eq!(
        (written.status.as_u16(), written.json()),
        (200, json!({"size": 5}))
    );

    let read = api.get(&format!("{FILES}?path=/tmp/a.txt")).await;
    assert_eq!(read.text(), "hello");
    assert_eq!(read.headers["content-type"], "application/octet-stream");
    assert_eq!(read.headers["content-disposition"], "attachment");

    let made = api
        .post(&format!("{FILES}/mkdir"), r#"{"path":"/tmp/dir"}"#)
        .await;
    assert_eq!(made.status, 204);
    let moved = json!({"from": "/tmp/a.txt", "to": "/tmp/b.txt"}).to_string();
    assert_eq!(api.post(&format!("{FILES}/move"), &moved).await.status, 204);

    let list = api.get(&format!("{FILES}/list?path=/tmp")).await.json();
    let names: Vec<_> = list["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["name"])
        .collect();
    assert_eq!(names, ["b.txt", "dir"]);
    let stat = api
        .get(&format!("{FILES}/stat?path=/tmp/b.txt"))
        .await
        .json();
    assert_eq!(
        (&stat["kind"], &stat["size"], &stat["mode"]),
        (&json!("file"), &json!(5), &json!("0644"))
    );

    let removed = api.delete(&format!("{FILES}?path=/tmp/b.txt")).await;
    assert_eq!(removed.status, 204);
    api.get(&format!("{FILES}?path=/tmp/b.txt"))
        .await
        .error(404, "NOT_FOUND");
}

#[tokio::test]
async fn wrong_requests_are_refused_by_name() {
    let api = start().await;
    for (method, path, body, part) in [
        (Method::PUT, format!("{FILES}?path=/a&mode=999"), "", "mode"),
        (Method::PUT, format!("{FILES}?path=a"), "", "path"),
        (
            Method::POST,
            format!("{FILES}/mkdir"),
            r#"{"path":"a"}"#,
            "path",
        ),
        (
            Method::POST,
            format!("{FILES}/mkdir"),
            r#"{"path":"/a","mode":"x"}"#,
            "mode",
        ),
        (
            Method::POST,
            format!("{FILES}/move"),
            r#"{"from":"/a"}"#,
            "to",
        ),
        (
            Method::POST,
            format!("{FILES}/move"),
            r#"{"from":"/a","to":"/b","force":true}"#,
            "force",
        ),
        (
            Method::GET,
            format!("{FILES}/watch?path=/a&recursive=maybe"),
            "",
            "recursive",
        ),
    ] {
        let answer = api.send(request(method, &path, body)).await;
        let message = answer.error(400, "BAD_REQUEST");
        assert!(message.contains(part), "{path}: {message}");
    }
}

#[tokio::test]
async fn what_the_engine_lacks_is_named() {
    let api = start().await;
    let watch = api.get(&format!("{FILES}/watch?path=/tmp")).await;
    watch.error(422, "UNSUPPORTED");
}
