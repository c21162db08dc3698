//! The server: connections in, requests to the router.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{Options, router};
use crate::accept::accept;
use crate::app::App;

/// How long a caller may take to send the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests under way may take once the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Serves the API on `listener` until the app begins to stop: endless answers then end at once,
/// other requests get ten seconds.
pub async fn serve(listener: TcpListener, app: App, options: Options) {
    let stopping = app.closing();
    serve_router(listener, stopping, router(app, options)).await;
}

/// Serves [`router`] on `listener` as [`serve`] does, until `stopping` is cancelled.
pub async fn serve_router(listener: TcpListener, stopping: CancellationToken, router: Router) {
    accept(listener, &stopping, |stream, peer| {
        connection(stream, peer, router.clone(), stopping.clone())
    })
    .await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stopping: CancellationToken,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|e| match e {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(STOP_PATIENCE, connection).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}
