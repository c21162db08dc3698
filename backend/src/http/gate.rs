//! What every request passes before its route: admission, an id, a trace, metrics, and a net under
//! panics.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tracing::Instrument;

use super::error::ApiError;
use super::{Api, access, admission, metrics, proxy, request_id};
use crate::access::Principal;

/// Passes a request on to its route, or answers in its place.
pub(super) async fn gate(
    State(api): State<Api>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = request_id::of(request.headers());
    let cors = access::cors_origin(&api, request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());

    let in_flight = InFlight::begin(&api);
    let answer = AssertUnwindSafe(admission::admit(&api, peer, request, next)).catch_unwind();
    let mut response = match answer.instrument(span.clone()).await {
        Ok(response) => response,
        Err(_) => {
            span.in_scope(|| tracing::error!("the route of {method} {path} panicked"));
            ApiError::internal().into_response()
        }
    };
    drop(in_flight);

    let took = started.elapsed();
    let status = response.status();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    api.shared
        .metrics
        .record(route, metrics::known_method(&method), status.as_u16(), took);
    let caller = response.extensions().get::<Principal>();
    let caller = caller.map(ToString::to_string);
    span.in_scope(|| {
        tracing::info!(
            %method,
            path,
            status = status.as_u16(),
            ms = took.as_secs_f64() * 1e3,
            peer = %peer.ip(),
            caller = caller.as_deref().unwrap_or("none"),
            "answered"
        );
    });
    finish(&mut response, id, cors);
    response
}

/// Adds what every answer carries. What a program in a sandbox answers keeps its own headers.
fn finish(response: &mut Response, id: HeaderValue, cors: Option<HeaderValue>) {
    let is_proxied = response.extensions().get::<proxy::Proxied>().is_some();
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, id);
    if is_proxied {
        return;
    }
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        set(headers, header::CACHE_CONTROL, "no-store");
    }
    if let Some(origin) = cors {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(
            headers,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "X-Request-Id, Retry-After, Location",
        );
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// Counts a request as being answered for as long as it lives, also when its caller goes away.
struct InFlight<'a>(&'a Api);

impl<'a> InFlight<'a> {
    fn begin(api: &'a Api) -> Self {
        api.shared.metrics.begin();
        Self(api)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.shared.metrics.end();
    }
}
