//! A platform with its API, called without a network or over one.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use backend::http::{self, Options};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::support::Platform;

/// The API of a platform.
pub(crate) struct Api {
    pub(crate) platform: Platform,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Asserts that it is an error of this status and code in the one shape; gives the message.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        let json = self.json();
        assert_eq!(
            (self.status.as_u16(), json["code"].as_str()),
            (status, Some(code)),
            "{json}"
        );
        let fields: Vec<_> = json.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["code", "message"]);
        json["message"].as_str().unwrap().to_owned()
    }
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::of(Platform::start().await, options)
    }

    /// The API of this platform.
    pub(crate) fn of(platform: Platform, options: Options) -> Self {
        let router = http::router(platform.app.clone(), options);
        Self { platform, router }
    }

    /// Serves it on a free port, as the backend does.
    pub(crate) async fn listen(&self, options: Options) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(http::serve(listener, self.platform.app.clone(), options));
        address
    }

    /// A request from a loopback peer.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from("127.0.0.1:50000", request).await
    }

    pub(crate) async fn send_from(&self, peer: &str, mut request: Request<Body>) -> Answer {
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, "")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(request(Method::DELETE, path, "")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(request(Method::POST, path, body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &str) -> Answer {
        self.send(request(Method::PUT, path, body)).await
    }

    /// Creates a sandbox of busybox; gives its id.
    pub(crate) async fn create(&self, name: &str) -> String {
        let body = format!(r#"{{"image":"busybox:latest","name":"{name}"}}"#);
        let answer = self.post("/v1/sandboxes", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}

/// A request as curl sends it.
pub(crate) fn request(method: Method, path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost:8080")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// The request with a further header.
pub(crate) fn with(mut request: Request<Body>, name: &str, value: &str) -> Request<Body> {
    let name: header::HeaderName = name.parse().unwrap();
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}
