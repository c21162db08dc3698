//! Programs in sandboxes through the API.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::ws::{Message as Frame, WebSocketUpgrade};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use backend::http::{ApiKey, Options};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::api::{Api, request, with};

pub(super) const PATH: &str = "/v1/sandboxes/box/proxy/3000";
pub(super) const HOST: &str = "3000--box.localhost:8080";

/// A program that tells what it was asked, and the sandbox that it runs in.
pub(super) async fn start(options: Options) -> Api {
    let key = options.api_key.is_some();
    let api = Api::with(options).await;
    if key {
        let body = r#"{"image":"busybox","name":"box"}"#;
        let request = request(Method::POST, "/v1/sandboxes", body);
        let created = api.send(with(request, "x-api-key", "s3cret")).await;
        assert_eq!(created.status, 201);
    } else {
        api.create("box").await;
    }
    api.platform.engine.listen(3000, program().await);
    api
}

pub(super) async fn program() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new()
        .route("/socket", any(echo))
        .route("/login", any(login))
        .fallback(tell);
    tokio::spawn(axum::serve(listener, routes).into_future());
    address
}

async fn tell(request: Request) -> Response {
    let headers: serde_json::Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let method = request.method().to_string();
    let uri = request.uri().to_string();
    let body = axum::body::to_bytes(request.into_body(), usize::MAX)
        .await
        .unwrap();
    let told = json!({"method": method, "uri": uri, "headers": headers, "size": body.len()});
    (StatusCode::IM_A_TEAPOT, told.to_string()).into_response()
}

async fn login() -> impl IntoResponse {
    let headers = [
        (header::LOCATION, "/home"),
        (header::SET_COOKIE, "session=1; Path=/; Domain=localhost"),
    ];
    (StatusCode::FOUND, headers)
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket| {
        while let Some(Ok(Frame::Text(text))) = socket.recv().await {
            socket.send(Frame::Text(text)).await.unwrap();
        }
    })
}

#[tokio::test]
async fn requests_pass_with_their_bodies_and_without_secrets() {
    let api = start(Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    })
    .await;
    let sent = request(Method::PUT, &format!("{PATH}/a%2Fb?c=d"), "hello");
    let mut sent = with(sent, "x-api-key", "s3cret");
    for (name, value) in [
        ("cookie", "mine=1; ctnr_port_3000=ticket"),
        ("connection", "close, x-hop"),
        ("x-hop", "1"),
        ("x-forwarded-proto", "gopher"),
        ("x-kept", "yes"),
    ] {
        sent = with(sent, name, value);
    }
    let answer = api.send(sent).await;
    assert_eq!(answer.status, 418, "{}", answer.text());
    let told = answer.json();
    assert_eq!(
        (&told["method"], &told["uri"], &told["size"]),
        (&"PUT".into(), &"/a%2Fb?c=d".into(), &5.into())
    );
    let headers = &told["headers"];
    assert_eq!(headers["host"], "localhost:3000");
    assert_eq!(headers["cookie"], "mine=1");
    assert_eq!(headers["x-kept"], "yes");
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-host"], "localhost:8080");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(headers["x-forwarded-prefix"], PATH);
    for gone in ["x-api-key", "x-hop"] {
        assert!(headers[gone].is_null(), "{gone}");
    }
}

#[tokio::test]
async fn a_page_by_path_is_confined() {
    let api = start(Options::default()).await;
    let answer = api.get(&format!("{PATH}/login")).await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.headers["location"], format!("{PATH}/home"));
    assert_eq!(
        answer.headers["set-cookie"],
        format!("session=1; Path={PATH}/")
    );
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox ") && !policy.contains("allow-same-origin"));

    let slash = api.get(&format!("{PATH}?a=b")).await;
    assert_eq!(slash.headers["location"], format!("{PATH}/?a=b"));

    // The page's own requests carry no origin or an opaque one.
    let script = with(
        request(Method::GET, &format!("{PATH}/x.js"), ""),
        "sec-fetch-site",
        "cross-site",
    );
    assert_eq!(api.send(script).await.status, 418);
    let call = with(
        request(Method::POST, "/v1/sandboxes", "{}"),
        "origin",
        "null",
    );
    api.send(call).await.error(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_host_of_its_own_is_an_origin_of_its_own() {
    let api = start(Options::default()).await;
    let by_host = |path: &str, host: &str| with(request(Method::GET, path, ""), "host", host);
    let answer = api.send(by_host("/v1/sandboxes?x", HOST)).await;
    assert_eq!(
        answer.json()["uri"],
        "/v1/sandboxes?x",
        "it is the program's path"
    );
    assert!(!answer.headers.contains_key("content-security-policy"));
    // So are those that the platform keeps for itself elsewhere.
    let own = api.send(by_host("/internal/jobs/1/perform", HOST)).await;
    assert_eq!(
        (own.status.as_u16(), &own.json()["uri"]),
        (418, &"/internal/jobs/1/perform".into())
    );

    let own = with(
        by_host("/", HOST),
        "origin",
        "http://3001--box.localhost:8080",
    );
    assert_eq!(api.send(own).await.status, 418);
    for origin in [
        "http://3000--other.localhost:8080",
        "http://localhost:8080",
        "null",
    ] {
        let foreign = with(by_host("/", HOST), "origin", origin);
        api.send(foreign).await.error(403, "FORBIDDEN");
    }
    let far = api.send_from("192.0.2.7:1", by_host("/", HOST)).await;
    far.error(401, "UNAUTHORIZED");
    let missing = api.send(by_host("/", "3000--none.localhost")).await;
    missing.error(404, "NOT_FOUND");
    let odd = api.send(by_host("/", "0--box.localhost")).await;
    odd.error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn with_a_key_a_link_opens_one_port() {
    let api = start(Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    })
    .await;
    let asked = request(Method::POST, "/v1/sandboxes/box/links", r#"{"port":3000}"#);
    let link = api.send(with(asked, "x-api-key", "s3cret")).await;
    assert_eq!(link.status, 201, "{}", link.text());
    let url = link.json()["url"].as_str().unwrap().to_owned();
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    assert!(
        host.starts_with("3000--") && host.ends_with(".localhost:8080"),
        "{host}"
    );

    let by_host = |path: &str| with(request(Method::GET, path, ""), "host", host);
    api.send(by_host("/")).await.error(401, "UNAUTHORIZED");
    let opened = api.send(by_host(&format!("/{path}"))).await;
    assert_eq!(
        (opened.status.as_u16(), &opened.headers["location"]),
        (303, &"/".parse().unwrap())
    );
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let cookie = cookie.split(';').next().unwrap();
    let answer = api.send(with(by_host("/"), "cookie", cookie)).await;
    assert_eq!(answer.status, 418);
    assert!(answer.json()["headers"]["cookie"].is_null());

    let other = with(
        request(Method::GET, "/", ""),
        "host",
        &host.replace("3000", "3001"),
    );
    let other = with(other, "cookie", &cookie.replace("3000", "3001"));
    api.send(other).await.error(401, "UNAUTHORIZED");
    let api_itself = with(request(Method::GET, "/v1/sandboxes", ""), "cookie", cookie);
    api.send(api_itself).await.error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn websockets_pass_both_ways() {
    let api = start(Options::default()).await;
    let address = api.listen(Options::default()).await;
    let by_path = format!("ws://{address}{PATH}/socket")
        .into_client_request()
        .unwrap();
    let mut by_host = format!("ws://{address}/socket")
        .into_client_request()
        .unwrap();
    by_host.headers_mut().insert("host", HOST.parse().unwrap());
    for request in [by_path, by_host] {
        let (mut socket, _) = connect_async(request).await.unwrap();
        for text in ["one", "two"] {
            socket.send(Message::text(text)).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
        }
    }
}

#[tokio::test]
async fn a_large_body_streams_through() {
    let api = start(Options::default()).await;
    let chunk = vec![7u8; 64 * 1024];
    let chunks =
        futures::stream::iter((0..256).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
    let mut sent = request(Method::POST, &format!("{PATH}/upload"), "");
    *sent.body_mut() = Body::from_stream(chunks);
    assert_eq!(api.send(sent).await.json()["size"], 256 * 64 * 1024);
}

#[tokio::test]
async fn what_can_not_be_reached_is_said() {
    let api = start(Options::default()).await;
    for port in ["0", "65536", "x", "53%2Fudp"] {
        let path = format!("/v1/sandboxes/box/proxy/{port}/");
        api.get(&path).await.error(400, "BAD_REQUEST");
    }
    api.get("/v1/sandboxes/none/proxy/3000/")
        .await
        .error(404, "NOT_FOUND");
    // The engine in memory answers with what it is sent, which is no answer of HTTP.
    let odd = api.get("/v1/sandboxes/box/proxy/4000/").await;
    odd.error(503, "UNAVAILABLE");
    api.post("/v1/sandboxes/box/stop", "").await;
    api.get(&format!("{PATH}/")).await.error(409, "CONFLICT");
}
