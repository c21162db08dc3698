//! Creating, listing, inspecting and ending sandboxes.

use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{ID, Mock};

fn summary(name: &str, state: &str, status: &str) -> Value {
    let created = jiff::Timestamp::now().as_second() - 200;
    json!({
        "Id": ID, "Names": [format!("/{name}")], "Image": "nextjs-docker:latest",
        "ImageID": "sha256:00", "Command": "bun run dev", "Created": created,
        "Ports": [
            {"IP": "127.0.0.1", "PrivatePort": 3000, "PublicPort": 32768, "Type": "tcp"},
            {"IP": "::1", "PrivatePort": 3000, "PublicPort": 32768, "Type": "tcp"}
        ],
        "Labels": {}, "State": state, "Status": status, "Engine": "native",
        "Later": "a field of a later version"
    })
}

fn details() -> Value {
    json!({
        "Id": ID, "Created": "2026-01-02T03:04:05Z", "Path": "bun", "Args": ["run", "my dev"],
        "State": {"Status": "running", "Running": true, "Paused": false, "Restarting": false,
            "OOMKilled": false, "Dead": false, "Pid": 4711, "ExitCode": 0, "Error": "",
            "StartedAt": "2026-01-02T03:04:06Z", "FinishedAt": "0001-01-01T00:00:00Z"},
        "Image": "sha256:00", "Name": "/web", "Platform": "linux",
        "HostConfig": {"PortBindings": {}, "NetworkMode": "open", "Memory": 2_147_483_648_u64,
            "NanoCpus": 1_500_000_000, "PidsLimit": 4096},
        "Config": {"Hostname": "web", "User": "", "Env": ["A=1", "B=\u{1b}[31m"],
            "Cmd": ["run", "my dev"], "Image": "nextjs-docker:latest", "WorkingDir": "/app",
            "Labels": {"team": "web"}},
        "NetworkSettings": {"Ports": {"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32768"}]},
            "IPAddress": "10.0.0.2"},
        "Engine": "native"
    })
}

#[test]
fn create_sends_all_of_its_options() {
    let created = json!({"id": ID, "ports": {"3000/tcp": "32768", "53/udp": "40000"}});
    let routes = Router::new().route(
        "/v1/sandboxes",
        post(async move || (StatusCode::CREATED, Json(created))),
    );
    let mock = Mock::new(routes);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "# comment\nFROM_FILE=1\n").unwrap();
    let path = file.path().to_str().unwrap();
    let ran = mock.run(&[
        "sandbox",
        "create",
        "--name",
        "web",
        "-p",
        "3000",
        "-p",
        "127.0.0.1:40000:53/udp",
        "-e",
        "A=b=c",
        "--env-file",
        path,
        "-w",
        "/app",
        "-u",
        "1000:1000",
        "-l",
        "team=web",
        "-l",
        "flag",
        "--memory",
        "512m",
        "--cpus",
        "1.5",
        "--pids",
        "100",
        "--network",
        "none",
        "--engine",
        "native",
        "--entrypoint",
        "",
        "nextjs-docker",
        "bun",
        "-v",
        "--json",
    ]);
    assert_eq!(ran.good(), format!("{ID}\n"));
    assert_eq!(
        ran.err,
        "3000/tcp -> http://localhost:32768\n53/udp -> localhost:40000\n"
    );
    assert_eq!(
        mock.seen()[0].json(),
        json!({
            "image": "docker.io/library/nextjs-docker:latest", "name": "web",
            "ports": ["3000/tcp", "127.0.0.1:40000:53/udp"],
            "cmd": ["bun", "-v", "--json"], "entrypoint": [],
            "env": ["FROM_FILE=1", "A=b=c"], "workdir": "/app", "user": "1000:1000",
            "labels": {"team": "web", "flag": ""},
            "limits": {"memory": 536_870_912, "cpus": 1.5, "pids": 100},
            "network": "none", "engine": "native"
        })
    );
    let plain = mock.run(&["sandbox", "create", "-q", "busybox"]);
    assert_eq!(
        (plain.good(), plain.err.as_str()),
        (format!("{ID}\n").as_str(), "")
    );
    assert_eq!(
        mock.seen()[1].json(),
        json!({"image": "docker.io/library/busybox:latest"})
    );
    let json: Value =
        serde_json::from_str(mock.run(&["sandbox", "create", "--json", "busybox"]).good()).unwrap();
    assert_eq!(json["ports"]["3000/tcp"], "32768");
}

#[test]
fn ls_shows_a_table_and_follows_pages() {
    let routes = Router::new().route(
        "/v1/sandboxes",
        get(async |uri: axum::http::Uri| {
            Json(if uri.query().unwrap_or_default().contains("cursor=more") {
                json!({"sandboxes": [summary("old", "exited", "Exited (0) 3 minutes ago")]})
            } else {
                json!({"sandboxes": [summary("web", "running", "Up 3 minutes")], "next": "more"})
            })
        }),
    );
    let mock = Mock::new(routes);
    assert_snapshot!(
        mock.run(&[
            "sandbox",
            "ls",
            "-a",
            "-l",
            "team=web",
            "-f",
            "status=running"
        ])
        .good()
    );
    assert_eq!(
        mock.lines(),
        [
            "GET /v1/sandboxes?all=true&label=team%3Dweb&state=running&limit=1000",
            "GET /v1/sandboxes?all=true&label=team%3Dweb&state=running&limit=1000&cursor=more",
        ]
    );
    let quiet = mock.run(&["sandbox", "ls", "-q"]);
    assert_eq!(quiet.good(), "a3f8c2d1e4b5\na3f8c2d1e4b5\n");
    let one = mock.run(&["sandbox", "ls", "-q", "--no-trunc", "-n", "1"]);
    assert_eq!(one.good(), format!("{ID}\n"));
    let json: Value = serde_json::from_str(mock.run(&["sandbox", "ls", "--json"]).good()).unwrap();
    assert_eq!(json["sandboxes"].as_array().unwrap().len(), 2);
    assert_eq!(json["sandboxes"][0]["Later"], "a field of a later version");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let many: Vec<Value> = (0..3000).map(|_| summary("web", "running", "Up")).collect();
    let routes = Router::new().route(
        "/v1/sandboxes",
        get(async move || Json(json!({ "sandboxes": many }))),
    );
    let mock = Mock::new(routes);
    let mut command = mock.command(&["sandbox", "ls", "--json"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn inspect_shows_fields_or_what_the_api_answers() {
    let routes = Router::new().route("/v1/sandboxes/web", get(async || Json(details())));
    let mock = Mock::new(routes);
    assert_snapshot!(mock.run(&["sandbox", "inspect", "/web"]).good());
    let json: Value =
        serde_json::from_str(mock.run(&["sandbox", "inspect", "web", "--json"]).good()).unwrap();
    assert_eq!(json, details());
}

#[test]
fn stop_restart_and_rm_take_several() {
    let routes = Router::new()
        .route(
            "/v1/sandboxes/{id}/stop",
            post(async || Json(json!({"status": "stopped"}))),
        )
        .route(
            "/v1/sandboxes/{id}/restart",
            post(async || Json(json!({"status": "restarted"}))),
        )
        .route(
            "/v1/sandboxes/{id}",
            delete(async || StatusCode::NO_CONTENT),
        );
    let mock = Mock::new(routes);
    assert_eq!(
        mock.run(&["sandbox", "stop", "-t", "0.5", "one", "two"])
            .good(),
        "one\ntwo\n"
    );
    assert_eq!(mock.seen()[0].json(), json!({"timeout": 0.5}));
    let json = mock.run(&["sandbox", "restart", "one", "--json"]);
    assert_eq!(
        json.good(),
        "{\"sandbox\":\"one\",\"status\":\"restarted\"}\n"
    );
    assert_eq!(mock.run(&["sandbox", "rm", "one"]).good(), "one\n");
    assert_eq!(mock.lines().last().unwrap(), "DELETE /v1/sandboxes/one");
}

#[test]
fn rm_all_removes_all_but_those_of_containers() {
    let mut of_container = summary("win32-a3f8", "running", "Up");
    of_container["Labels"] = json!({"dev.ctnr.container": ID});
    let list = json!({"sandboxes": [
        summary("web", "running", "Up"), of_container, summary("old", "exited", "Exited")
    ]});
    let routes = Router::new()
        .route("/v1/sandboxes", get(async move || Json(list)))
        .route(
            "/v1/sandboxes/{id}",
            delete(async || StatusCode::NO_CONTENT),
        );
    let mock = Mock::new(routes);
    assert_eq!(mock.run(&["sandbox", "rm", "--all"]).good(), "web\nold\n");
    assert_eq!(mock.run(&["sandbox", "rm", "--all", "web"]).code, 125);
}

#[test]
fn info_and_version_show_the_backend() {
    let info = json!({"name": "ctnr", "version": "9.9.9", "api": "v1", "engines": [
        {"name": "native", "default": true, "available": true, "capabilities": ["limits", "file watch"]},
        {"name": "docker", "default": false, "available": false, "reason": "no socket; start dockerd",
         "capabilities": []}
    ]});
    let routes = Router::new().route("/v1/info", get(async move || Json(info)));
    let mock = Mock::new(routes);
    assert_snapshot!("info", mock.run(&["info"]).good().replace(&mock.url, "URL"));
    assert!(mock.run(&["version"]).good().contains("Backend  9.9.9"));
    let json: Value = serde_json::from_str(mock.run(&["version", "--json"]).good()).unwrap();
    assert_eq!(json["backend"], "9.9.9");
}
