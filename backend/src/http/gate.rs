//! What every request passes before its route: access, rate, an id, a trace, metrics, and a net
//! under panics.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tracing::Instrument;

use super::access::{self, HostName, KeyCheck};
use super::error::{ApiError, Result};
use super::{Api, ApiOnly, forward, internal, metrics, panel, proxy, request_id};
use crate::app::Subject;

/// Passes a request on to its route, or answers in its place.
pub(super) async fn gate(
    State(api): State<Api>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = request_id::of(request.headers());
    let cors = access::cors_origin(&api.shared.options, request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());

    let in_flight = InFlight::begin(&api);
    let answer = AssertUnwindSafe(admit(&api, peer, request, next)).catch_unwind();
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
    span.in_scope(|| {
        tracing::info!(
            %method,
            path,
            status = status.as_u16(),
            ms = took.as_secs_f64() * 1e3,
            peer = %peer.ip(),
            "answered"
        );
    });
    finish(&mut response, id, cors);
    response
}

/// Decides who is served and which limits hold, and hands the request on.
async fn admit(api: &Api, peer: SocketAddr, mut request: Request, next: Next) -> Response {
    let port = match port_of(api, &request) {
        Ok(port) => port,
        Err(error) => return error.into_response(),
    };
    // A program in a sandbox may have such paths of its own.
    let is_internal = port.is_none() && internal::is_internal(request.uri().path());
    let handed_on = if is_internal {
        None
    } else {
        match forward::handed_on(api, request.headers_mut()) {
            Ok(handed_on) => handed_on,
            Err(error) => return error.into_response(),
        }
    };
    // What is told of the caller is told of the one behind the other backend.
    let peer = match handed_on.and_then(|handed_on| handed_on.caller) {
        Some(caller) => SocketAddr::new(caller, peer.port()),
        None => peer,
    };
    request.extensions_mut().insert(ConnectInfo(peer));
    let is_handed_on = handed_on.is_some();
    let admitted = if is_internal {
        internal::check(api, request.headers()).map(|()| Admitted::Route)
    } else {
        check(api, peer, port, &request, is_handed_on)
    };
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    // Before it is handed on: the owner takes our word that the caller was let in.
    if let Admitted::Port(target) = &admitted
        && !is_handed_on
    {
        match proxy::let_in(api, peer, target, &request) {
            Ok(None) => {}
            Ok(Some(answer)) => return answer,
            Err(error) => return error.into_response(),
        }
    }
    let subject = match &admitted {
        _ if is_handed_on => None,
        Admitted::Preflight => None,
        Admitted::Port(target) => Some(Subject::Sandbox(target.sandbox.clone())),
        Admitted::Route => forward::subject(request.method(), request.uri().path()),
    };
    let request = match subject {
        None => request,
        Some(subject) => match forward::elsewhere(api, &subject, peer.ip(), request).await {
            Ok(Ok(request)) => request,
            Ok(Err(answer)) => return answer,
            Err(error) => return error.into_response(),
        },
    };
    match admitted {
        Admitted::Preflight => preflight(),
        Admitted::Port(target) => proxy::by_host(api, peer, target, request)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Admitted::Route => next.run(request).await,
    }
}

/// The port that the `Host` of a request names, where it names one.
fn port_of(api: &Api, request: &Request) -> Result<Option<proxy::PortHost>> {
    if request.extensions().get::<ApiOnly>().is_some() {
        return Ok(None);
    }
    let domain = api.shared.options.proxy_domain.as_deref();
    match HostName::of(request.uri(), request.headers()) {
        Some(host) => proxy::PortHost::parse(&host, domain),
        None => Ok(None),
    }
}

enum Admitted {
    /// A route of the API.
    Route,
    /// A port that the `Host` names; whether the caller may have it is still to be seen.
    Port(proxy::PortHost),
    /// A browser's question whether a page may call.
    Preflight,
}

fn check(
    api: &Api,
    peer: SocketAddr,
    port: Option<proxy::PortHost>,
    request: &Request,
    is_handed_on: bool,
) -> Result<Admitted> {
    let options = &api.shared.options;
    let headers = request.headers();
    if !is_handed_on {
        limit(api.shared.rate.request(peer.ip()))?;
    }
    if let Some(target) = port {
        return Ok(Admitted::Port(target));
    }
    // Another backend has let the caller in.
    if is_handed_on {
        return Ok(Admitted::Route);
    }
    let host = HostName::of(request.uri(), headers);
    access::check_host(options, host.as_ref())?;
    let path = request.uri().path();
    if !proxy::is_proxied(path) || headers.contains_key(header::ORIGIN) {
        access::check_origin(options, request.method(), headers, host.as_ref())?;
    }
    let is_preflight = *request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight {
        return Ok(Admitted::Preflight);
    }
    if !is_open(api, path) {
        check_key(api, peer.ip(), access::check_key(options, peer, headers))?;
    }
    Ok(Admitted::Route)
}

/// Refuses a caller without the key, and slows down one who guesses.
pub(super) fn check_key(api: &Api, peer: IpAddr, check: KeyCheck) -> Result<()> {
    match check {
        KeyCheck::Granted => Ok(()),
        KeyCheck::Missing => Err(access::unauthorized(&api.shared.options, check)),
        KeyCheck::Wrong => {
            limit(api.shared.rate.refusal(peer))?;
            Err(access::unauthorized(&api.shared.options, check))
        }
    }
}

fn limit(within: std::result::Result<(), u64>) -> Result<()> {
    within.map_err(ApiError::rate_limited)
}

/// Whether anyone may read it: that the server lives, and with a key configured, how to call it.
fn is_open(api: &Api, path: &str) -> bool {
    match path {
        "/healthz" => true,
        "/docs" | "/docs/try.js" | "/docs/style.css" | "/openapi.json" => {
            api.shared.options.api_key.is_some()
        }
        _ => api.shared.options.api_key.is_some() && panel::is_panel(path),
    }
}

fn preflight() -> Response {
    let headers = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, POST, PUT, DELETE, HEAD",
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Content-Type, X-API-Key, X-Request-Id, Last-Event-ID, Accept",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
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
