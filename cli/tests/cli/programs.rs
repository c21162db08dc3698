//! `ctnr run` and `ctnr exec`: programs in Win32 containers.

use axum::Router;
use axum::extract::Json;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::Mock;

/// A container whose programs show what they were started with, and end with 7.
fn routes() -> Router {
    Router::new()
        .route("/api/containers/office/exec/ws", get(open))
        .route("/api/containers/office/exec", post(answer))
        .route("/api/containers/office/run", post(answer))
        .route(
            "/api/containers/office/logs",
            get(async || "{\"time\":\"2026-01-01T00:00:00Z\",\"stream\":\"stdout\",\"data\":\"cmVhZHkK\"}\n"),
        )
}

async fn open(upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["ctnr.exec.v1"]).on_upgrade(serve)
}

async fn answer(Json(request): Json<Value>) -> (StatusCode, Json<Value>) {
    match request["detach"].as_bool() {
        Some(true) => (StatusCode::CREATED, Json(json!({"id": "ab".repeat(32)}))),
        _ => (
            StatusCode::OK,
            Json(json!({"output": "o", "stdout": "o", "stderr": "", "exit_code": 5})),
        ),
    }
}

async fn serve(mut socket: WebSocket) {
    let Some(Ok(Message::Text(program))) = socket.recv().await else {
        return;
    };
    let started = json!({"type": "started", "id": "1"}).to_string();
    socket.send(Message::text(started)).await.unwrap();
    let mut shown = program.as_bytes().to_vec();
    // Standard input up to its end, behind what it was started with.
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Binary(bytes) => shown.extend_from_slice(&bytes),
            Message::Text(text) if text.contains("close_stdin") => break,
            _ => {}
        }
    }
    for (stream, bytes) in [(1, shown.as_slice()), (2, b"err")] {
        let frame = [&[stream], bytes].concat();
        socket.send(Message::Binary(frame.into())).await.unwrap();
    }
    let exit = json!({"type": "exit", "exit_code": 7}).to_string();
    socket.send(Message::text(exit)).await.unwrap();
    while let Some(Ok(_)) = socket.recv().await {}
}

#[test]
fn exec_sends_the_command_line_and_passes_streams_and_code_on() {
    let mock = Mock::new(routes());
    let ran = mock.run_with(
        &[
            "exec", "-i", "-e", "A=b c", "-w", "C:\\App", "office", "--", "cmd", "/c", "ver",
        ],
        b"|typed",
    );
    assert_eq!(
        ran.shown(),
        r#"{"type":"program","cmd":["cmd","/c","ver"],"env":["A=b c"],"workdir":"C:\\App"}|typed--- 7
err"#
    );
    // What is in an address gets into logs.
    assert_eq!(
        mock.lines(),
        ["GET /api/containers/office/exec/ws?by_message=true"]
    );
    let missing = mock.run(&["exec", "nope", "cmd"]);
    assert_eq!(
        missing.shown(),
        "--- 125\nctnr: nope: container not found; `ctnr list` lists those that exist\n"
    );
}

#[test]
fn run_sends_the_entry_point_and_further_arguments() {
    let mock = Mock::new(routes());
    assert_eq!(
        mock.run(&["run", "office"]).shown(),
        "{\"type\":\"program\"}--- 7\nerr"
    );
    let ran = mock.run(&["run", "--entry", "7za", "office", "--", "l", "--json"]);
    assert_eq!(
        ran.shown(),
        "{\"type\":\"program\",\"entry\":\"7za\",\"args\":[\"l\",\"--json\"]}--- 7\nerr"
    );
}

#[test]
fn json_and_detach_answer_as_the_api_does() {
    let mock = Mock::new(routes());
    let collected = mock.run_with(
        &["run", "--json", "-i", "--timeout", "2m", "office", "a"],
        b"typed",
    );
    assert_eq!(collected.code, 5);
    let shown: Value = serde_json::from_str(&collected.out).unwrap();
    assert_eq!(shown["stdout"], "o");
    let detached = mock.run(&["exec", "-d", "office", "notepad"]);
    assert_eq!(detached.good(), format!("{}\n", "ab".repeat(32)));
    assert_eq!(
        mock.lines(),
        [
            "POST /api/containers/office/run",
            "POST /api/containers/office/exec"
        ]
    );
    let bodies: Vec<Value> = mock.seen().iter().map(|seen| seen.json()).collect();
    assert_eq!(
        bodies,
        [
            json!({"args": ["a"], "stdin": "typed", "timeout": 120.0}),
            json!({"cmd": ["notepad"], "detach": true})
        ]
    );
}

#[test]
fn options_that_do_not_go_together_are_refused_before_anything_is_sent() {
    let mock = Mock::new(routes());
    for args in [
        &["exec", "office"][..],
        &["exec", "-it", "office", "cmd"],
        &["exec", "-t", "--json", "office", "cmd"],
        &["run", "-d", "-i", "office"],
        &["run", "-d", "--timeout", "1s", "office"],
        &["run", "--timeout", "soon", "office"],
        &["run", "../etc"],
    ] {
        let ran = mock.run(args);
        assert_eq!(ran.code, 125, "{args:?}: {}", ran.err);
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{args:?}");
    }
    assert_eq!(mock.lines(), [""; 0]);
}

#[test]
fn logs_show_what_the_session_said() {
    let mock = Mock::new(routes());
    assert_eq!(mock.run(&["logs", "office"]).good(), "ready\n");
    assert_eq!(
        mock.lines(),
        ["GET /api/containers/office/logs?encoding=base64&stdout=true&stderr=true"]
    );
}

/// A container, and a sandbox, with programs that were started with `-d`: one that waits for input,
/// one that is sent none, and one that has ended.
fn with_detached() -> Router {
    let programs = json!({"execs": [
        {"id": "4f".repeat(32), "cmd": ["notepad"], "tty": false, "state": "running", "pid": 7,
            "started_at": "2020-01-01T00:00:00Z"},
        {"id": "6a".repeat(32), "cmd": ["clock"], "tty": false, "state": "running", "pid": 8,
            "started_at": "2020-01-01T00:00:00Z"},
        {"id": "5e".repeat(32), "cmd": ["cmd", "/c", "ver"], "tty": false, "state": "exited",
            "started_at": "2020-01-01T00:00:00Z", "finished_at": "2020-01-01T00:00:01Z",
            "exit_code": 3}
    ]});
    let list = get(async move || Json(programs));
    let joined = |is_sent_input: bool| {
        get(async move |upgrade: WebSocketUpgrade| {
            let upgrade = upgrade.protocols(["ctnr.exec.v1"]);
            upgrade.on_upgrade(move |socket| rejoined(socket, is_sent_input))
        })
    };
    let [waits, clock] = ["4f", "6a"].map(|id| format!("/exec/{}/ws", id.repeat(32)));
    let mut routes = Router::new();
    for base in ["/api/containers/office", "/v1/sandboxes/web"] {
        routes = routes
            .route(&format!("{base}/exec"), list.clone())
            .route(&format!("{base}{waits}"), joined(true))
            .route(&format!("{base}{clock}"), joined(false));
    }
    routes
}

/// A program that was there before: it tells what it is sent first, and ends.
async fn rejoined(mut socket: WebSocket, is_sent_input: bool) {
    let started = json!({"type": "started", "id": "1"}).to_string();
    socket.send(Message::text(started)).await.unwrap();
    let frame = [&[1][..], b"before "].concat();
    socket.send(Message::Binary(frame.into())).await.unwrap();
    let told = if is_sent_input {
        socket.next().await.unwrap().unwrap().into_data().to_vec()
    } else {
        // Its input is not closed by one who hands none on.
        let moment = std::time::Duration::from_millis(200);
        let sent = tokio::time::timeout(moment, socket.next()).await;
        let told: &[u8] = if sent.is_err() {
            b"nothing"
        } else {
            b"something"
        };
        told.to_vec()
    };
    let frame = [&[1][..], &told].concat();
    socket.send(Message::Binary(frame.into())).await.unwrap();
    let exit = json!({"type": "exit", "exit_code": 7}).to_string();
    socket.send(Message::text(exit)).await.unwrap();
    while let Some(Ok(_)) = socket.recv().await {}
}

#[test]
fn detached_programs_are_listed_and_joined_again() {
    let mock = Mock::new(with_detached());
    for words in [&["office"][..], &["sandbox", "web"]] {
        let (thing, verb) = words.split_last().unwrap();
        let ask = |rest: &[&str]| mock.run(&[verb, rest].concat());
        let listed = ask(&["ps", thing]);
        let listed = listed.good();
        let of = |id: &str| listed.lines().find(|line| line.starts_with(id)).unwrap();
        assert!(of("4f4f4f4f4f4f").contains("running"), "{listed}");
        assert!(of("5e5e5e5e5e5e").contains("exited (3)"), "{listed}");
        assert!(of("5e5e5e5e5e5e").ends_with("cmd /c ver"), "{listed}");
        assert_eq!(
            ask(&["ps", "-q", "--no-trunc", thing]).good(),
            ["4f", "6a", "5e"].map(|id| id.repeat(32) + "\n").concat()
        );
        assert_eq!(
            ask(&["attach", thing, "6a6a"]).shown(),
            "before nothing--- 7\n"
        );
        let typed = mock.run_with(&[verb, &["attach", "-i", thing, "4f"]].concat(), b"typed");
        assert_eq!(typed.shown(), "before typed--- 7\n");
        let missing = ask(&["attach", thing, "99"]);
        assert!(
            missing.err.contains("there is no program 99"),
            "{}",
            missing.err
        );
        let missing = ask(&["attach", thing, ""]);
        assert!(missing.err.contains("several programs"), "{}", missing.err);
    }
}
