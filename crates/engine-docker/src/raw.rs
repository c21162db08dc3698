//! Requests whose answers bollard would change: a container's whole inspection, the bytes of a
//! log or an archive, and the connection of a command.
//!
//! bollard reads a terminal's bytes as frames where they begin with a small number, which is the
//! program's to choose; here they stay bytes.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use ctnr_engine::{EngineError, Result, Stream};
use futures::StreamExt;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, BodyStream, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::UnixStream;

use crate::failure;

/// The longest answer that is kept as a whole.
const MAX_ANSWER: usize = 16 << 20;

/// A client of the daemon's socket that leaves answers as they are.
#[derive(Debug, Clone)]
pub(crate) struct RawClient {
    socket: PathBuf,
    /// `/v1.41`.
    version: String,
}

/// An answer's body as it comes.
pub(crate) struct RawAnswer {
    body: Incoming,
}

/// The two directions of a command's connection.
pub(crate) type Hijacked = TokioIo<Upgraded>;

impl RawClient {
    pub(crate) fn new(socket: &Path, version: impl std::fmt::Display) -> Self {
        Self {
            socket: socket.to_owned(),
            version: format!("/v{version}"),
        }
    }

    /// `GET path`, with the answer's body unread.
    pub(crate) async fn get(&self, doing: &str, path: &str) -> Result<RawAnswer> {
        let request = self.request(Method::GET, path).body(Full::default());
        let response = self.send(doing, request).await?;
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return Ok(RawAnswer { body });
        }
        Err(refused(doing, head.status, body).await)
    }

    /// `POST path` with a JSON body, taking over the connection.
    pub(crate) async fn hijack(
        &self,
        doing: &str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Hijacked> {
        let body = serde_json::to_vec(body).map_err(|error| EngineError::internal(doing, error))?;
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "tcp")
            .body(Full::from(body));
        let response = self.send(doing, request).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let (head, body) = response.into_parts();
            return Err(refused(doing, head.status, body).await);
        }
        hyper::upgrade::on(response)
            .await
            .map(TokioIo::new)
            .map_err(|error| EngineError::internal(doing, error))
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.version))
            .header(header::HOST, "localhost")
    }

    async fn send(
        &self,
        doing: &str,
        request: http::Result<Request<Full<Bytes>>>,
    ) -> Result<http::Response<Incoming>> {
        let request = request.map_err(|error| EngineError::internal(doing, error))?;
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|error| failure::unreachable(doing, error))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failure::unreachable(doing, error))?;
        // It ends by itself when the answer's body or the taken-over connection is dropped.
        tokio::spawn(connection.with_upgrades());
        sender
            .send_request(request)
            .await
            .map_err(|error| failure::unreachable(doing, error))
    }
}

impl RawAnswer {
    /// The whole body as JSON.
    pub(crate) async fn json(self, doing: &str) -> Result<serde_json::Value> {
        let body = Limited::new(self.body, MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| EngineError::internal(doing, error))?
            .to_bytes();
        serde_json::from_slice(&body).map_err(|error| EngineError::internal(doing, error))
    }

    /// The body as it comes.
    pub(crate) fn bytes(self, doing: &'static str) -> Stream<Result<Bytes>> {
        BodyStream::new(self.body)
            .filter_map(move |frame| async move {
                match frame {
                    Ok(frame) => frame.into_data().ok().map(Ok),
                    Err(error) => Some(Err(failure::unreachable(doing, error))),
                }
            })
            .boxed()
    }
}

/// The daemon's refusal as an error.
async fn refused(doing: &str, status: StatusCode, body: Incoming) -> EngineError {
    let body = match Limited::new(body, MAX_ANSWER).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return EngineError::internal(doing, error),
    };
    let message = serde_json::from_slice::<serde_json::Value>(&body)
        .ok()
        .and_then(|value| Some(value.get("message")?.as_str()?.to_owned()))
        .unwrap_or_else(|| String::from_utf8_lossy(&body).trim().to_owned());
    failure::refused(doing, status.as_u16(), &message)
}
