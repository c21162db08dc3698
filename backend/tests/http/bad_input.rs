//! What is wrong is refused by name, and nothing is left of it.

use axum::body::Body;
use axum::http::{Method, Request, header};

use super::api::{Api, request};

#[tokio::test]
async fn bodies() {
    let api = Api::start().await;
    api.create("box").await;
    let create = "/v1/sandboxes";
    let exec = "/v1/sandboxes/box/exec";
    for (path, body, part) in [
        (create, "", "the body is empty"),
        (create, "{", "EOF"),
        (create, "{}", "missing field `image`"),
        (create, r#"{"name":"x1"}"#, "missing field `image`"),
        (create, r#"["busybox"]"#, "not a JSON object"),
        (create, r#"{"image":""}"#, "image: invalid image reference"),
        (create, r#"{"image":null}"#, "image: "),
        (
            create,
            r#"{"image":"a/../b"}"#,
            "image: invalid image reference",
        ),
        (
            create,
            r#"{"image":"busybox","name":"../x"}"#,
            "name: invalid sandbox name",
        ),
        (
            create,
            r#"{"image":"busybox","name":7}"#,
            "name: invalid type",
        ),
        (
            create,
            r#"{"image":"busybox","ports":["70000"]}"#,
            "ports[0]: invalid port",
        ),
        (
            create,
            r#"{"image":"busybox","workdir":"rel"}"#,
            "workdir: invalid path",
        ),
        (
            create,
            r#"{"image":"busybox","user":"a b"}"#,
            "user: invalid user",
        ),
        (
            create,
            r#"{"image":"busybox","env":["A"]}"#,
            "env[0]: invalid environment",
        ),
        (
            create,
            r#"{"image":"busybox","env":{"A=":"x"}}"#,
            "invalid environment",
        ),
        (
            create,
            r#"{"image":"busybox","labels":{"a":1}}"#,
            "labels.a: invalid type",
        ),
        (
            create,
            r#"{"image":"busybox","limits":{"cpus":-1}}"#,
            "cpus",
        ),
        (
            create,
            r#"{"image":"busybox","limits":{"memory":"1k"}}"#,
            "memory",
        ),
        (
            create,
            r#"{"image":"busybox","limits":{"pids":-1}}"#,
            "limits.pids: invalid value",
        ),
        (
            create,
            r#"{"image":"busybox","network":"host"}"#,
            "network: unknown variant `host`",
        ),
        (
            create,
            r#"{"image":"busybox","engine":"vm"}"#,
            "engine: unknown variant `vm`",
        ),
        (
            create,
            r#"{"image":"busybox","privileged":true}"#,
            "unknown field `privileged`",
        ),
        (
            create,
            "{\"image\":\"busybox\",\"cmd\":[\"a\\u0000\"]}",
            "NUL",
        ),
        (create, "\u{1}", "not a JSON object"),
        (exec, "{}", "missing field `cmd`"),
        (exec, r#"{"cmd":[]}"#, "cmd is empty"),
        (exec, r#"{"cmd":[""]}"#, "cmd is empty"),
        (exec, r#"{"cmd":"ls"}"#, "cmd: invalid type"),
        (exec, r#"{"cmd":["ls"],"timeout":0}"#, "timeout"),
        (
            exec,
            r#"{"cmd":["ls"],"timeout":"1s"}"#,
            "timeout: invalid type",
        ),
        (exec, r#"{"cmd":["ls"],"tty":true}"#, "tty needs detach"),
        (
            exec,
            r#"{"cmd":["ls"],"detach":true,"stdin":""}"#,
            "detach goes with neither",
        ),
        (
            exec,
            r#"{"cmd":["ls"],"stdin":"?","encoding":"base64"}"#,
            "not base64",
        ),
        (
            exec,
            r#"{"cmd":["ls"],"shell":true}"#,
            "unknown field `shell`",
        ),
    ] {
        let message = api.post(path, body).await.error(400, "BAD_REQUEST");
        assert!(message.contains(part), "{body}: {message}");
    }
    assert_eq!(api.platform.engine.ids().len(), 1, "nothing was made");
}

#[tokio::test]
async fn an_unknown_image_is_not_found_and_an_engine_that_lacks_says_why() {
    let api = Api::start().await;
    let missing = api.post("/v1/sandboxes", r#"{"image":"no-such:1"}"#).await;
    assert!(missing.error(404, "NOT_FOUND").contains("no-such"));
    let body = r#"{"image":"busybox","engine":"docker"}"#;
    let lacking = api.post("/v1/sandboxes", body).await;
    assert!(lacking.error(422, "UNSUPPORTED").contains("start dockerd"));
}

#[tokio::test]
async fn ids() {
    let api = Api::start().await;
    api.create("box").await;
    for id in [
        "nope",
        "deadbeef",
        "..",
        "%2e%2e",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "a%20b",
        "%F0%9F%98%80",
        &"a".repeat(65),
        &"x".repeat(5_000),
    ] {
        for (method, rest) in [
            (Method::GET, ""),
            (Method::DELETE, ""),
            (Method::POST, "/stop"),
            (Method::POST, "/restart"),
            (Method::GET, "/logs"),
            (Method::GET, "/exec"),
            (Method::GET, "/files?path=/etc/passwd"),
        ] {
            let path = format!("/v1/sandboxes/{id}{rest}");
            let answer = api.send(request(method, &path, "")).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(
                answer.error(404, "NOT_FOUND"),
                "sandbox not found",
                "{path}"
            );
        }
    }
    let answer = api.get("/v1/sandboxes/%FF").await;
    answer.error(400, "BAD_REQUEST");
    for path in ["/v1/sandboxes/box/exec/x", "/v1/sandboxes/box/exec/..%2f"] {
        api.get(path).await.error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn ambiguous_prefixes_say_so() {
    let api = Api::start().await;
    // Seventeen ids have sixteen first digits at most.
    for number in 0..17 {
        api.create(&format!("box{number}")).await;
    }
    let ids: Vec<String> = api
        .platform
        .engine
        .ids()
        .iter()
        .map(|id| id.to_string())
        .collect();
    let shared = ids
        .iter()
        .find(|id| ids.iter().filter(|other| other[..1] == id[..1]).count() > 1)
        .unwrap();
    let answer = api.get(&format!("/v1/sandboxes/{}", &shared[..1])).await;
    assert!(answer.error(409, "CONFLICT").contains("more digits"));
}

#[tokio::test]
async fn routes_and_methods() {
    let api = Api::start().await;
    for path in [
        "/v1",
        "/v2/sandboxes",
        "/v1/sandboxes/",
        "/etc/passwd",
        "//",
    ] {
        api.get(path).await.error(404, "NOT_FOUND");
    }
    for (method, path) in [
        (Method::PATCH, "/v1/sandboxes"),
        (Method::DELETE, "/v1/sandboxes"),
        (Method::GET, "/v1/sandboxes/box/stop"),
        (Method::POST, "/healthz"),
    ] {
        let answer = api.send(request(method, path, "")).await;
        answer.error(405, "METHOD_NOT_ALLOWED");
        assert!(answer.headers.contains_key("allow"), "{path}");
    }
}

#[tokio::test]
async fn queries() {
    let api = Api::start().await;
    api.create("box").await;
    for (path, part) in [
        ("/v1/sandboxes?al=true", "unknown field `al`"),
        ("/v1/sandboxes?all=maybe", "all: "),
        ("/v1/sandboxes?state=gone", "unknown variant `gone`"),
        ("/v1/sandboxes?limit=0", "limit: expected 1 to 1000"),
        ("/v1/sandboxes?limit=1001", "limit: expected 1 to 1000"),
        ("/v1/sandboxes?limit=9999999999", "limit: "),
        ("/v1/sandboxes?cursor=../x", "cursor"),
        ("/v1/sandboxes?name=..", "name: invalid sandbox name"),
        ("/v1/sandboxes/box/logs?tail=-1", "tail: "),
        ("/v1/sandboxes/box/logs?since=soon", "since: "),
        ("/v1/sandboxes/box/files", "missing field `path`"),
        ("/v1/sandboxes/box/files?path=etc", "path: invalid path"),
        ("/v1/sandboxes/box/files?path=%00", "path: invalid path"),
        ("/v1/images/inspect", "missing field `name`"),
        ("/v1/images/export", "name: give at least one"),
        ("/v1/events?subject=cat", "unknown variant `cat`"),
        ("/v1/events?after=x", "after: "),
    ] {
        let message = api.get(path).await.error(400, "BAD_REQUEST");
        assert!(message.contains(part), "{path}: {message}");
    }
}

#[tokio::test]
async fn a_body_of_100_mb_is_refused_before_it_is_held() {
    let api = Api::start().await;
    let chunk = vec![b' '; 1024 * 1024];
    let chunks =
        futures::stream::iter((0..100).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
    let request = Request::post("/v1/sandboxes")
        .header(header::HOST, "localhost")
        .body(Body::from_stream(chunks))
        .unwrap();
    let message = api.send(request).await.error(413, "TOO_LARGE");
    assert!(message.contains("1 MiB"), "{message}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_callers_error() {
    let api = Api::start().await;
    api.create("box").await;
    for path in [
        "/v1/sandboxes/box/files?path=/tmp/x",
        "/v1/sandboxes/box/exec",
    ] {
        let parts = [Ok("{\"cm".to_owned()), Err(std::io::Error::other("gone"))];
        let request = Request::builder()
            .method(if path.contains("files") {
                "PUT"
            } else {
                "POST"
            })
            .uri(path)
            .header(header::HOST, "localhost")
            .body(Body::from_stream(futures::stream::iter(parts)))
            .unwrap();
        api.send(request).await.error(400, "BAD_REQUEST");
    }
}
