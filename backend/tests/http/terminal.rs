//! Commands over WebSockets.

use backend::http::{ApiKey, Options};
use base64::Engine;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::api::Api;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(api: &Api, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    connect_with(api, Options::default(), path, headers).await
}

async fn connect_with(
    api: &Api,
    options: Options,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<Socket, Error> {
    let address = api.listen(options).await;
    let mut request = format!("ws://{address}/v1/sandboxes/box/exec{path}")
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn start() -> Api {
    let api = Api::start().await;
    api.create("box").await;
    api
}

fn status(result: Result<Socket, Error>) -> u16 {
    match result {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

/// The next message that is not about the connection itself.
pub(super) async fn next(socket: &mut Socket) -> Message {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return message,
        }
    }
}

async fn json_of(socket: &mut Socket) -> Value {
    match next(socket).await {
        Message::Text(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn input_output_and_the_end() {
    let api = start().await;
    let mut socket = connect(&api, "/ws?cmd=cat", &[]).await.unwrap();
    assert_eq!(json_of(&mut socket).await["type"], "started");
    socket.send(Message::binary(&b"hi\xff"[..])).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::binary(&b"\x01hi\xff"[..]));
    let resize = json!({"type": "resize", "columns": 100, "rows": 30});
    socket
        .send(Message::text(resize.to_string()))
        .await
        .unwrap();
    socket
        .send(Message::text(r#"{"type":"close_stdin"}"#))
        .await
        .unwrap();
    assert_eq!(
        json_of(&mut socket).await,
        json!({"type": "exit", "exit_code": 0})
    );
    assert!(matches!(next(&mut socket).await, Message::Close(_)));
}

#[tokio::test]
async fn the_command_can_come_as_the_first_message() {
    let api = start().await;
    let mut socket = connect(&api, "/ws", &[]).await.unwrap();
    let start = json!({"type": "start", "cmd": ["echo", "secret"], "env": ["A=b"]});
    socket.send(Message::text(start.to_string())).await.unwrap();
    assert_eq!(json_of(&mut socket).await["type"], "started");
    assert_eq!(
        next(&mut socket).await,
        Message::binary(&b"\x01secret\n"[..])
    );
    assert_eq!(json_of(&mut socket).await["exit_code"], 0);

    for wrong in [
        r#"{"type":"close_stdin"}"#,
        "{",
        r#"{"type":"start","cmd":[]}"#,
    ] {
        let mut socket = connect(&api, "/ws", &[]).await.unwrap();
        socket.send(Message::text(wrong)).await.unwrap();
        let error = json_of(&mut socket).await;
        assert_eq!(error["error"]["code"], "BAD_REQUEST", "{wrong}");
        assert!(matches!(next(&mut socket).await, Message::Close(_)));
    }
}

#[tokio::test]
async fn so_can_the_program_of_a_container() {
    let api = Api::start().await;
    api.platform.engine.add_runtime("wine:latest", 0x11);
    let made = api.post("/api/containers", r#"{"name": "app"}"#).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let address = api.listen(Options::default()).await;
    let open = async |container: &str| {
        let path = format!("/api/containers/{container}/exec/ws?by_message=true");
        let opened = connect_async(format!("ws://{address}{path}")).await;
        opened.map(|(socket, _)| socket)
    };
    let mut socket = open("app").await.unwrap();
    let program = json!({"type": "program", "cmd": ["echo", "secret"], "env": ["A=b"]});
    socket
        .send(Message::text(program.to_string()))
        .await
        .unwrap();
    assert_eq!(json_of(&mut socket).await["type"], "started");
    assert_eq!(
        next(&mut socket).await,
        Message::binary(&b"\x01secret\n"[..])
    );
    assert_eq!(json_of(&mut socket).await["exit_code"], 0);

    for wrong in [
        r#"{"type":"start","cmd":["echo"]}"#,
        r#"{"type":"program","cmd":["echo"],"entry":"main"}"#,
    ] {
        let mut socket = open("app").await.unwrap();
        socket.send(Message::text(wrong)).await.unwrap();
        let error = json_of(&mut socket).await;
        assert_eq!(error["error"]["code"], "BAD_REQUEST", "{wrong}");
    }
    assert_eq!(status(open("nope").await), 404);
}

#[tokio::test]
async fn signals_reach_the_command() {
    let api = start().await;
    let mut socket = connect(&api, "/ws?cmd=sleep&cmd=60&tty=true", &[])
        .await
        .unwrap();
    assert_eq!(json_of(&mut socket).await["type"], "started");
    let signal = json!({"type": "signal", "signal": "SIGTERM"});
    socket
        .send(Message::text(signal.to_string()))
        .await
        .unwrap();
    assert_eq!(json_of(&mut socket).await["exit_code"], 143);
}

#[tokio::test]
async fn a_command_that_does_not_start_ends_as_in_a_shell() {
    let api = start().await;
    let mut socket = connect(&api, "/ws?cmd=nope", &[]).await.unwrap();
    match next(&mut socket).await {
        Message::Binary(bytes) => assert_eq!(bytes[0], 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(json_of(&mut socket).await["exit_code"], 127);
}

#[tokio::test]
async fn a_detached_command_can_be_attached_to() {
    let api = start().await;
    let body = r#"{"cmd":["echo","later"],"detach":true}"#;
    let id = api.post("/v1/sandboxes/box/exec", body).await.json();
    let path = format!("/{}/ws?columns=100", id["id"].as_str().unwrap());
    let mut socket = connect(&api, &path, &[]).await.unwrap();
    assert_eq!(json_of(&mut socket).await["id"], id["id"]);
    assert_eq!(
        next(&mut socket).await,
        Message::binary(&b"\x01later\n"[..])
    );
    let missing = format!("/{}/ws", "0".repeat(64));
    assert_eq!(status(connect(&api, &missing, &[]).await), 404);
}

#[tokio::test]
async fn what_is_wrong_is_refused_before_the_socket_opens() {
    let api = start().await;
    assert_eq!(status(connect(&api, "/ws?cmd=", &[]).await), 400);
    assert_eq!(status(connect(&api, "/ws?cmd=cat&tyt=1", &[]).await), 400);
    for origin in ["http://evil.example", "null", "http://localhost:32768"] {
        let refused = connect(&api, "/ws?cmd=cat", &[("origin", origin)]).await;
        assert_eq!(status(refused), 403, "{origin}");
    }
    let plain = api.get("/v1/sandboxes/box/exec/ws?cmd=cat").await;
    assert!(plain.error(400, "BAD_REQUEST").contains("WebSocket"));
}

#[tokio::test]
async fn a_browser_sends_the_key_as_a_subprotocol() {
    let api = start().await;
    let options = || Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    };
    let refused = connect_with(&api, options(), "/ws?cmd=cat", &[]).await;
    assert_eq!(status(refused), 401);
    let key = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode("s3cret");
    let offered = format!("ctnr.exec.v1, ctnr.key.{key}");
    let headers = [("sec-websocket-protocol", offered.as_str())];
    let mut socket = connect_with(&api, options(), "/ws?cmd=cat", &headers)
        .await
        .unwrap();
    assert_eq!(json_of(&mut socket).await["type"], "started");
}
