//! The server: connections in, calls to the services.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Request};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;
use tower::ServiceExt;

use ctnr_protocol::v1::container_service_server::ContainerServiceServer;

use super::body::Whole;
use super::call::{Call, Caller};
use super::calls::Containers;
use super::gateway::Gateway;
use super::health::Healthiness;
use super::reflection;
use crate::accept::accept;
use crate::app::App;

/// How long a peer may take to begin to speak HTTP/2.
const GREETING_TIMEOUT: Duration = Duration::from_secs(30);
/// The length of what it begins with (RFC 9113, section 3.4).
const GREETING: usize = 24;
/// How long calls under way may take once the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// How often a quiet peer is asked whether it is still there.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How many calls may be under way on a connection at once.
const MAX_CALLS: u32 = 100;
/// The largest message that is taken, which has to hold a manifest or a piece of a file.
const MAX_MESSAGE: usize = 4 << 20;

/// Serves gRPC on `listener` until the app begins to stop: endless answers then end at once, other
/// calls get ten seconds. `rest` is what the REST API is served by, so that limits count for both.
pub async fn serve(listener: TcpListener, app: App, rest: Router) {
    let stopping = app.closing();
    let services = services(app, rest);
    accept(listener, &stopping, |stream, peer| {
        connection(stream, peer, services.clone(), stopping.clone())
    })
    .await;
}

fn services(app: App, rest: Router) -> Router {
    let stopping = app.closing();
    let gateway = Gateway::new(rest);
    let containers = Containers::new(gateway.clone(), stopping.clone());
    let health = Healthiness::new(gateway.clone(), app);
    let containers =
        Routes::new(ContainerServiceServer::new(containers).max_decoding_message_size(MAX_MESSAGE))
            .into_axum_router()
            .layer(from_fn_with_state(gateway.clone(), let_in));
    let services = Routes::new(HealthServer::new(health))
        .into_axum_router()
        .merge(containers.reset_fallback());
    match reflection::routes(gateway, stopping) {
        // Its answer for what it does not know is the services' own.
        Ok(reflection) => services.merge(reflection.reset_fallback()),
        Err(error) => {
            tracing::error!(%error, "gRPC reflection is not served");
            services
        }
    }
}

/// Turns strangers away before a message of theirs is read.
async fn let_in(State(gateway): State<Gateway>, request: Request<Body>, next: Next) -> Response {
    let call = Call::new(request.extensions().get(), request.headers().clone());
    let admitted = match &call {
        Ok(call) => gateway.let_in(call).await,
        Err(status) => Err(status.clone()),
    };
    match admitted {
        Ok(()) => next.run(request).await,
        Err(status) => status.into_http(),
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    services: Router,
    stopping: CancellationToken,
) {
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = {
        let heard = Arc::clone(&heard);
        InspectReader::new(stream, move |bytes: &[u8]| {
            heard.fetch_add(bytes.len(), Ordering::Relaxed);
        })
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let services = services.clone();
        let request = prepared(request, peer);
        async move {
            let answer = services.oneshot(request).await;
            Ok::<_, Infallible>(answer.unwrap_or_else(|never| match never {}))
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(HEARTBEAT)
        .max_concurrent_streams(MAX_CALLS)
        .serve_connection(TokioIo::new(counted), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = silence(&heard) => {
            tracing::debug!(%peer, "a gRPC connection was closed: its peer does not speak HTTP/2");
            return;
        }
        () = stopping.cancelled() => {
            // There is nothing under way of a peer that has not begun to speak.
            if !has_begun(&heard) {
                return;
            }
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(STOP_PATIENCE, connection).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, %peer, "a gRPC connection ended early");
    }
}

/// Ends where a peer has not begun to speak in time. After that, heartbeats find one that is gone.
async fn silence(heard: &AtomicUsize) {
    tokio::time::sleep(GREETING_TIMEOUT).await;
    if has_begun(heard) {
        std::future::pending::<()>().await;
    }
}

fn has_begun(heard: &AtomicUsize) -> bool {
    heard.load(Ordering::Relaxed) >= GREETING
}

/// A request with what the services need to know of its connection.
fn prepared(request: Request<Incoming>, peer: SocketAddr) -> Request<Body> {
    let authority = request.uri().authority();
    let authority = authority.and_then(|name| HeaderValue::from_str(name.as_str()).ok());
    let mut request = request.map(|body| Body::new(Whole(body)));
    request.extensions_mut().insert(Caller { peer, authority });
    request
}
