//! The way to the routes of REST, in this process.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use ctnr_api::ErrorCode;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tonic::Status;
use tonic::metadata::MetadataMap;
use tower::ServiceExt;

use super::asked::Asked;
use super::call::{Call, told};
use super::status;
use crate::http::{ApiOnly, OnlyAsks};

/// How large an answer that is not streamed may be.
const MAX_ANSWER: usize = 64 << 20;

/// How many bytes may be under way to or from a WebSocket.
const SOCKET_BUFFER: usize = 64 << 10;

/// A WebSocket of REST.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The routes of REST.
#[derive(Clone)]
pub(super) struct Gateway {
    router: Router,
}

impl Gateway {
    /// Leads to `router`, which is REST's whole one: what admits requests is part of it.
    pub(super) fn new(router: Router) -> Self {
        Self { router }
    }

    /// The answer to a request, whatever it is.
    pub(super) async fn call(&self, call: &Call, asked: Asked) -> Result<Response<Body>, Status> {
        let request = asked.by(call)?;
        match self.router.clone().oneshot(request).await {
            Ok(answer) => Ok(answer),
            Err(never) => match never {},
        }
    }

    /// The answer to a request, if that is none of an error.
    pub(super) async fn send(&self, call: &Call, asked: Asked) -> Result<Response<Body>, Status> {
        let answer = self.call(call, asked).await?;
        if answer.status().is_success() {
            Ok(answer)
        } else {
            Err(error(answer).await)
        }
    }

    /// Whether the caller is let in at all, which is to be known before anything that it sends is
    /// kept. What it may do is decided with the request that its call becomes.
    pub(super) async fn let_in(&self, call: &Call) -> Result<(), Status> {
        let mut request = Asked::new(Method::GET, &["containers"])?.by(call)?;
        request.extensions_mut().insert(OnlyAsks);
        let Ok(answer) = self.router.clone().oneshot(request).await;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(error(answer).await)
        }
    }

    /// The answer to a request, as what it is, with what its caller is told beside.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        call: &Call,
        asked: Asked,
    ) -> Result<(T, MetadataMap), Status> {
        let answer = self.send(call, asked).await?;
        let told = told(answer.headers());
        Ok((parse(&read(answer).await?)?, told))
    }

    /// Has something done that is not answered with anything.
    pub(super) async fn tell(&self, call: &Call, asked: Asked) -> Result<MetadataMap, Status> {
        let answer = self.send(call, asked).await?;
        Ok(told(answer.headers()))
    }

    /// Opens a WebSocket. A route takes over the connection that such a request came on, so there
    /// is one, whose ends are both in this process. Dropping the socket closes it.
    pub(super) async fn open(
        &self,
        call: &Call,
        asked: Asked,
    ) -> Result<(Socket, MetadataMap), Status> {
        let mut request = asked.by(call)?;
        *request.method_mut() = Method::GET;
        let key = HeaderValue::from_str(&generate_key()).map_err(lost)?;
        let headers = request.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_KEY, key);
        headers.insert(
            header::SEC_WEBSOCKET_VERSION,
            HeaderValue::from_static("13"),
        );
        let (near, far) = tokio::io::duplex(SOCKET_BUFFER);
        tokio::spawn(self.connection(far, call));
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near))
            .await
            .map_err(lost)?;
        tokio::spawn(connection.with_upgrades());
        let mut answer = sender.send_request(request).await.map_err(lost)?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(error(answer.map(Body::new)).await);
        }
        let told = told(answer.headers());
        let stream = hyper::upgrade::on(&mut answer).await.map_err(lost)?;
        let stream = TokioIo::new(stream);
        let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        Ok((socket, told))
    }

    /// Serves the routes on a connection that the caller of `call` opened.
    fn connection(
        &self,
        stream: tokio::io::DuplexStream,
        call: &Call,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (router, peer) = (self.router.clone(), call.peer());
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(ApiOnly);
            let answer = router.clone().oneshot(request);
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a program's connection ended early");
            }
        }
    }
}

/// A line or a body of JSON.
pub(super) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Status> {
    serde_json::from_slice(json).map_err(|error| {
        status::of(
            ErrorCode::InternalError,
            format!("the server's own answer can't be read: {error}"),
        )
    })
}

/// The status of a stream that ends before its time.
pub(super) fn lost(error: impl std::fmt::Display) -> Status {
    status::of(
        ErrorCode::Unavailable,
        format!("the answer broke off: {error}"),
    )
}

/// What an answer that is an error says.
pub(super) async fn error(answer: Response<Body>) -> Status {
    let (told, code) = (told(answer.headers()), answer.status());
    let body = match read(answer).await {
        Ok(body) => body,
        Err(status) => return status,
    };
    let error = serde_json::from_slice(&body).unwrap_or_else(|_| ctnr_api::Error {
        code: ErrorCode::Unknown,
        message: format!("the server answered {code}"),
    });
    status::status(error, told)
}

async fn read(answer: Response<Body>) -> Result<Bytes, Status> {
    let whole = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    whole.map(|body| body.to_bytes()).map_err(lost)
}
