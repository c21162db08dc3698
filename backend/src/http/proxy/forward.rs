//! One request to a program in a sandbox, streamed both ways.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use ctnr_api::ErrorCode;
use ctnr_engine::Connection;
use ctnr_model::{ContainerPort, SandboxQuery};
use hyper::client::conn::http1;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::{Proxied, headers};
use crate::http::Api;
use crate::http::access::Hold;
use crate::http::error::{ApiError, Result};

/// Where a request goes, and how it is told of the caller.
pub(super) struct Destination<'a> {
    pub(super) sandbox: &'a SandboxQuery,
    pub(super) port: ContainerPort,
    /// The path and query, as the caller wrote them.
    pub(super) target: Uri,
    /// What stood before the path, where something did.
    pub(super) prefix: Option<&'a str>,
}

/// Passes a request on, and its answer back.
pub(super) async fn forward(
    api: &Api,
    to: Destination<'_>,
    mut request: Request,
) -> Result<Response> {
    let connection = api.app.connect(to.sandbox, to.port).await?;
    let caller = headers::upgrade(request.headers())
        .and_then(|_| request.extensions_mut().remove::<OnUpgrade>());
    let hold = request.extensions().get().map(Hold::of);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(peer)| peer.ip());
    let outgoing = outgoing(&to, peer.ok_or_else(ApiError::internal)?, request)?;
    let response = send(connection, to.port, outgoing).await?;
    Ok(incoming(
        response,
        caller,
        hold.ok_or_else(ApiError::internal)?,
    ))
}

fn outgoing(to: &Destination<'_>, peer: IpAddr, request: Request) -> Result<Request> {
    let (mut parts, body) = request.into_parts();
    parts.uri = to.target.clone();
    parts.extensions.clear();
    headers::remove_hop_by_hop(&mut parts.headers);
    headers::remove_secrets(&mut parts.headers);
    headers::set_forwarded(&mut parts.headers, peer, to.prefix);
    let host = HeaderValue::from_str(&format!("localhost:{}", to.port.port))
        .map_err(|_| ApiError::internal())?;
    parts.headers.insert(header::HOST, host);
    Ok(Request::from_parts(parts, body))
}

async fn send(
    connection: Box<dyn Connection>,
    port: ContainerPort,
    request: Request,
) -> Result<hyper::Response<hyper::body::Incoming>> {
    let failed = |error: hyper::Error| {
        ApiError::new(
            ErrorCode::Unavailable,
            format!("the program on port {port} did not answer as an HTTP server does: {error}"),
        )
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(connection))
        .await
        .map_err(failed)?;
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a connection into a sandbox ended early");
        }
    });
    sender.send_request(request).await.map_err(failed)
}

fn incoming(
    mut response: hyper::Response<hyper::body::Incoming>,
    caller: Option<OnUpgrade>,
    hold: Hold,
) -> Response {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(caller) = caller
    {
        let program = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            if let Err(error) = join(caller, program, &hold).await {
                tracing::debug!(%error, "a switched connection into a sandbox ended early");
            }
        });
    }
    let mut response = response.map(Body::new);
    headers::remove_hop_by_hop(response.headers_mut());
    response.extensions_mut().insert(Proxied);
    response
}

/// Passes bytes between two switched connections until both have ended, or the caller may not go
/// on.
pub(in crate::http) async fn join(
    caller: OnUpgrade,
    program: OnUpgrade,
    hold: &Hold,
) -> std::io::Result<()> {
    let (caller, program) = futures::future::try_join(caller, program)
        .await
        .map_err(std::io::Error::other)?;
    let (mut caller, mut program) = (TokioIo::new(caller), TokioIo::new(program));
    tokio::select! {
        copied = tokio::io::copy_bidirectional(&mut caller, &mut program) => copied.map(drop),
        () = hold.ended() => Ok(()),
    }
}
