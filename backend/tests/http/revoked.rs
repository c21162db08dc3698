//! What a key has opened ends with it, on whichever backend.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::Method;
use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::api::{Api, request, with};
use super::keys::{FAR, make, root, send};
use super::proxy::{HOST, PATH, start};
use super::replicas::beside_an_owner;
use super::support::eventually;

/// The longest that anything may go on: a backend asks each second whether there are other keys.
const SOON: Duration = Duration::from_secs(5);

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>>;

async fn open(address: SocketAddr, path: &str, host: Option<&str>, key: &str) -> Socket {
    let mut asked = format!("ws://{address}{path}")
        .into_client_request()
        .unwrap();
    let headers = asked.headers_mut();
    headers.insert("x-api-key", key.parse().unwrap());
    if let Some(host) = host {
        headers.insert("host", host.parse().unwrap());
    }
    connect_async(asked).await.unwrap().0
}

/// What comes until a socket ends, which it has to do soon.
async fn rest(mut socket: Socket) -> Vec<String> {
    let mut rest = Vec::new();
    let reading = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                rest.push(text.to_string());
            }
        }
    };
    let ended = tokio::time::timeout(SOON, reading).await;
    assert!(ended.is_ok(), "the socket goes on");
    rest
}

/// Reads server-sent events of a route until some have come.
async fn events(address: SocketAddr, path: &str, key: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with("id: ") {
        line.clear();
        assert!(reader.read_line(&mut line).await.unwrap() > 0);
    }
    reader
}

async fn revoke(api: &Api, name: &str) {
    let path = format!("/api/keys/{name}");
    let revoked = send(api, "s3cret", Method::DELETE, &path, "").await;
    assert_eq!(revoked.status, 204, "{}", revoked.text());
}

#[tokio::test]
async fn streams_and_sockets_end_and_those_of_others_go_on() {
    let api = start(root()).await;
    let address = api.listen(root()).await;
    let key = make(&api, "key", &["sandboxes:write"]).await;
    let other = make(&api, "other", &["sandboxes:write"]).await;
    let mut stream = events(address, "/v1/events", &key).await;
    let mut logs = TcpStream::connect(address).await.unwrap();
    let asked = format!(
        "GET /v1/sandboxes/box/stats?stream=true HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\r\n"
    );
    logs.write_all(asked.as_bytes()).await.unwrap();
    let terminal = open(address, "/v1/sandboxes/box/exec/ws?cmd=cat", None, &key).await;
    let waiting = open(address, "/v1/sandboxes/box/exec/ws", None, &key).await;
    let by_path = open(address, &format!("{PATH}/socket"), None, &key).await;
    let by_host = open(address, "/socket", Some(HOST), &key).await;
    let mut of_other = open(address, &format!("{PATH}/socket"), None, &other).await;

    revoke(&api, "key").await;
    let mut end = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut end)).await;
    assert!(read.is_ok(), "the events go on");
    assert!(!end.ends_with(b"0\r\n\r\n"), "a cut stream looks whole");
    end.clear();
    let read = tokio::time::timeout(SOON, logs.read_to_end(&mut end)).await;
    assert!(read.is_ok(), "the stats go on");
    for socket in [terminal, waiting] {
        let rest = rest(socket).await.join("\n");
        assert!(rest.contains("UNAUTHORIZED"), "{rest}");
    }
    for socket in [by_path, by_host] {
        rest(socket).await;
    }
    of_other.send(Message::text("still")).await.unwrap();
    let answer = of_other.next().await.unwrap().unwrap();
    assert_eq!(answer, Message::text("still"));
}

#[tokio::test]
async fn what_was_opened_ends_when_the_key_expires() {
    let api = start(root()).await;
    let address = api.listen(root()).await;
    let end = jiff::Timestamp::now() + Duration::from_secs(3);
    let body =
        json!({"name": "brief", "scopes": ["sandboxes:write"], "expires_at": end.to_string()});
    let made = send(&api, "s3cret", Method::POST, "/api/keys", &body.to_string()).await;
    let key = made.json()["secret"].as_str().unwrap().to_owned();
    let mut stream = events(address, "/v1/events", &key).await;
    let socket = open(address, &format!("{PATH}/socket"), None, &key).await;
    let mut end = Vec::new();
    let read = tokio::time::timeout(2 * SOON, stream.read_to_end(&mut end)).await;
    assert!(read.is_ok(), "the events go on");
    rest(socket).await;
}

#[tokio::test]
async fn a_link_is_good_as_long_as_the_key_that_asked_for_it() {
    let api = start(root()).await;
    let key = make(&api, "key", &["sandboxes:write"]).await;
    let path = "/v1/sandboxes/box/links";
    let link = send(&api, &key, Method::POST, path, r#"{"port":3000}"#).await;
    assert_eq!(link.status, 201, "{}", link.text());
    let url = link.json()["url"].as_str().unwrap().to_owned();
    assert!(!url.contains(&key[22..]));
    let (host, path) = url[7..].split_once('/').unwrap();
    let by_host = |path: &str| with(request(Method::GET, path, ""), "host", host);
    let opened = api.send_from(FAR, by_host(&format!("/{path}"))).await;
    assert_eq!(opened.status, 303);
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = || with(by_host("/"), "cookie", &cookie);
    assert_eq!(api.send_from(FAR, page()).await.status, 418);
    // Another's name on the ticket is another's signature.
    let other = make(&api, "other", &["sandboxes:write"]).await;
    let forged = cookie.replace(&key[5..21], &other[5..21]);
    let forged = api
        .send_from(FAR, with(by_host("/"), "cookie", &forged))
        .await;
    forged.error(401, "UNAUTHORIZED");
    let as_root = cookie.replace(&key[5..21], "root");
    let as_root = api
        .send_from(FAR, with(by_host("/"), "cookie", &as_root))
        .await;
    as_root.error(401, "UNAUTHORIZED");

    revoke(&api, "key").await;
    let gone = api.send_from(FAR, page()).await;
    gone.error(401, "UNAUTHORIZED");
    let gone = api.send_from(FAR, by_host(&format!("/{path}"))).await;
    gone.error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn events_are_those_that_the_key_may_see() {
    let api = Api::with(root()).await;
    let address = api.listen(root()).await;
    let images = make(&api, "images", &["images:read"]).await;
    let jobs = make(&api, "jobs", &["jobs:read"]).await;
    for (key, path) in [
        (&images, "/v1/events?subject=sandbox"),
        (&images, "/api/events/containers"),
        (&jobs, "/v1/events"),
    ] {
        let refused = send(&api, key, Method::GET, path, "").await;
        assert!(refused.error(403, "FORBIDDEN").contains(":read"), "{path}");
    }
    for path in ["/v1/events", "/v1/events?subject=image&subject=sandbox"] {
        let mut reader = events(address, path, &images).await;
        let body = r#"{"image":"busybox:latest"}"#;
        let made = send(&api, "s3cret", Method::POST, "/v1/sandboxes", body).await;
        assert_eq!(made.status, 201);
        let tag = r#"{"image":"busybox","tag":"mine:1"}"#;
        let tagged = send(&api, "s3cret", Method::POST, "/v1/images/tag", tag).await;
        assert!(tagged.status.is_success(), "{}", tagged.text());
        let mut line = String::new();
        while !line.starts_with("data: ") {
            line.clear();
            assert!(reader.read_line(&mut line).await.unwrap() > 0);
        }
        assert!(line.contains("\"subject\":\"image\""), "{line}");
    }
}

#[tokio::test]
async fn a_replica_hands_a_key_on_by_its_id_and_cuts_what_it_opened() {
    let api = beside_an_owner(root()).await;
    let key = make(&api, "key", &["sandboxes:write"]).await;
    let reader = make(&api, "reader", &["sandboxes:read"]).await;
    let path = "/v1/sandboxes/box";
    // The owner learns of a key that was made here.
    assert_eq!(send(&api, &key, Method::GET, path, "").await.status, 200);
    let refused = send(&api, &reader, Method::DELETE, path, "").await;
    refused.error(403, "FORBIDDEN");
    let address = api.listen(root()).await;
    let terminal = open(address, "/v1/sandboxes/box/exec/ws?cmd=cat", None, &key).await;
    let by_path = open(address, &format!("{PATH}/socket"), None, &key).await;

    let installation = "0".repeat(31) + "1";
    let store = api.platform.database.open().await;
    let owner = store.host(&installation).await.unwrap().unwrap();
    let replay = async |method: &str, principal: &str| {
        let authority = owner.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Ctnr-Internal: {}\r\n{principal}\r\n",
            owner.secret
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let as_key = |key: &str| format!("X-Ctnr-Principal: {}\r\n", &key[5..21]);
    assert!(
        replay("GET", &as_key(&key))
            .await
            .starts_with("HTTP/1.1 200")
    );
    // The owner looks at the scopes too, and at who it is.
    let refused = replay("DELETE", &as_key(&reader)).await;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    let unnamed = replay("GET", "").await;
    assert!(unnamed.starts_with("HTTP/1.1 503"), "{unnamed}");

    revoke(&api, "key").await;
    let rest_of_terminal = rest(terminal).await.join("\n");
    assert!(
        !rest_of_terminal.contains("exit_code"),
        "{rest_of_terminal}"
    );
    rest(by_path).await;
    let refused = send(&api, &key, Method::GET, path, "").await;
    refused.error(401, "UNAUTHORIZED");
    // What was handed on before is not good again.
    eventually("the owner knows that the key was revoked", || async {
        replay("GET", &as_key(&key))
            .await
            .starts_with("HTTP/1.1 401")
    })
    .await;
}
