//! Commands in sandboxes.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::{Mock, error};

/// A sandbox with commands of its own: what each does is told by its name.
pub(crate) fn routes() -> Router {
    Router::new()
        .route("/v1/sandboxes/web/exec/ws", get(open))
        .route("/v1/sandboxes/web/exec", post(run))
}

async fn open(upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["ctnr.exec.v1"]).on_upgrade(serve)
}

async fn run(Json(request): Json<Value>) -> (StatusCode, Json<Value>) {
    match request["detach"].as_bool() {
        Some(true) => (StatusCode::CREATED, Json(json!({"id": "ab".repeat(32)}))),
        _ => (
            StatusCode::OK,
            Json(json!({"output": "o", "stdout": "o", "stderr": "", "exit_code": 5})),
        ),
    }
}

async fn say(socket: &mut WebSocket, message: Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .unwrap();
}

async fn put(socket: &mut WebSocket, stream: u8, bytes: &[u8]) {
    let frame = [&[stream], bytes].concat();
    socket.send(Message::Binary(frame.into())).await.unwrap();
}

async fn serve(mut socket: WebSocket) {
    let Some(Ok(Message::Text(start))) = socket.recv().await else {
        return;
    };
    let start: Value = serde_json::from_str(&start).unwrap();
    assert_eq!(start["type"], "start");
    if start["cmd"][0] == "refused" {
        let error =
            json!({"code": "CONFLICT", "message": "the sandbox is not running; restart it"});
        say(&mut socket, json!({"type": "error", "error": error})).await;
        while let Some(Ok(_)) = socket.recv().await {}
        return;
    }
    say(&mut socket, json!({"type": "started", "id": "1"})).await;
    match start["cmd"][0].as_str().unwrap() {
        // Shows what it was started with.
        "show" => put(&mut socket, 1, start.to_string().as_bytes()).await,
        "both" => {
            put(&mut socket, 1, b"out").await;
            put(&mut socket, 2, b"err").await;
        }
        "flood" => {
            for _ in 0..64 {
                put(&mut socket, 1, &[b'x'; 65_536]).await;
            }
        }
        // Gives back what it reads, and tells what else it is told.
        "echo" => loop {
            match socket.recv().await {
                Some(Ok(Message::Binary(bytes))) => put(&mut socket, 1, &bytes).await,
                Some(Ok(Message::Text(text))) => {
                    let word: Value = serde_json::from_str(&text).unwrap();
                    match word["type"].as_str().unwrap() {
                        "close_stdin" => break,
                        "signal" => {
                            put(&mut socket, 1, word["signal"].as_str().unwrap().as_bytes()).await
                        }
                        _ => {
                            put(
                                &mut socket,
                                1,
                                format!("{}x{}\r\n", word["columns"], word["rows"]).as_bytes(),
                            )
                            .await
                        }
                    }
                }
                _ => return,
            }
        },
        "broken" => return,
        "forever" => {
            while let Some(Ok(message)) = socket.recv().await {
                if let Message::Close(_) = message {
                    return;
                }
            }
            return;
        }
        _ => {}
    }
    let code: i64 = start["cmd"][1]
        .as_str()
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    say(&mut socket, json!({"type": "exit", "exit_code": code})).await;
    // What is unread when a connection is closed resets it.
    while let Some(Ok(_)) = socket.recv().await {}
}

#[test]
fn the_command_goes_in_a_message() {
    let mock = Mock::new(routes());
    let ran = mock.run(&[
        "sandbox", "exec", "-e", "SECRET=x", "-w", "/app", "-u", "node", "web", "show", "--flag",
        "-t",
    ]);
    let start: Value = serde_json::from_str(ran.good()).unwrap();
    assert_eq!(
        start,
        json!({
            "type": "start", "cmd": ["show", "--flag", "-t"], "env": ["SECRET=x"],
            "workdir": "/app", "user": "node"
        })
    );
    assert_eq!(mock.lines(), ["GET /v1/sandboxes/web/exec/ws"]);
    assert_eq!(
        mock.seen()[0].headers["sec-websocket-protocol"],
        "ctnr.exec.v1"
    );
}

#[test]
fn streams_and_codes_are_passed_on() {
    let mock = Mock::new(routes());
    let both = mock.run(&["sandbox", "exec", "web", "both", "3"]);
    assert_eq!(both.shown(), "out--- 3\nerr");
    for code in ["0", "1", "126", "127", "137", "255"] {
        let ran = mock.run(&["sandbox", "exec", "web", "end", code]);
        assert_eq!(ran.code.to_string(), code);
    }
}

#[test]
fn standard_input_is_passed_on_where_it_is_asked_for() {
    let mock = Mock::new(routes());
    let large = vec![b'y'; 3_000_000];
    let ran = mock.run_with(&["sandbox", "exec", "-i", "web", "echo"], &large);
    assert_eq!(ran.good().as_bytes(), large);
    let without = mock.run(&["sandbox", "exec", "web", "echo"]);
    assert_eq!(without.good(), "");
}

#[test]
fn failures_of_the_connection_are_no_exit_codes_of_the_command() {
    let mock = Mock::new(routes());
    let refused = mock.run(&["sandbox", "exec", "web", "refused"]);
    assert_eq!(
        refused.shown(),
        "--- 125\nctnr: the sandbox is not running; restart it\n"
    );
    let broken = mock.run(&["sandbox", "exec", "web", "broken"]);
    assert_eq!(broken.code, 125);
    assert!(broken.err.contains("was lost"), "{}", broken.err);
    let missing = mock.run(&["sandbox", "exec", "nope", "ls"]);
    assert_eq!(missing.code, 125);
}

#[test]
fn a_command_can_run_out_of_time() {
    let mock = Mock::new(routes());
    let ran = mock.run(&["sandbox", "exec", "--timeout", "0.2", "web", "forever"]);
    assert_eq!(ran.code, 124);
}

#[test]
fn a_reader_that_goes_away_ends_it_as_a_broken_pipe_does() {
    let mock = Mock::new(routes());
    let mut child = mock
        .command(&["sandbox", "exec", "web", "flood"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(141));
}

#[test]
fn json_and_detach_answer_as_the_api_does() {
    let mock = Mock::new(routes());
    let json = mock.run(&["sandbox", "exec", "--json", "--timeout", "2m", "web", "ls"]);
    assert_eq!(json.code, 5);
    assert_eq!(
        serde_json::from_str::<Value>(&json.out).unwrap()["stdout"],
        "o"
    );
    assert_eq!(
        mock.seen()[0].json(),
        json!({"cmd": ["ls"], "timeout": 120.0})
    );
    let detached = mock.run(&["sandbox", "exec", "-d", "web", "sleep", "9"]);
    assert_eq!(detached.good(), format!("{}\n", "ab".repeat(32)));
    assert_eq!(
        mock.seen()[1].json(),
        json!({"cmd": ["sleep", "9"], "detach": true})
    );
}

#[test]
fn a_server_that_only_pretends_to_shake_hands_is_told() {
    let routes = Router::new().route(
        "/v1/sandboxes/web/exec/ws",
        get(async || error(StatusCode::CONFLICT, "CONFLICT", "not running")),
    );
    let ran = Mock::new(routes).run(&["sandbox", "exec", "web", "ls"]);
    assert_eq!(ran.err, "ctnr: web: not running\n");
    let plain = Router::new().route("/v1/sandboxes/web/exec/ws", get(async || "hello"));
    let ran = Mock::new(plain).run(&["sandbox", "exec", "web", "ls"]);
    assert!(
        ran.err.contains("without an error of ctnr's API"),
        "{}",
        ran.err
    );
}
