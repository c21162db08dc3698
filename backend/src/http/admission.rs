//! Who is served: the one place that every request passes before its route, whichever protocol
//! carried it here.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::{self, Hold, HostName, scopes};
use super::error::{ApiError, Result};
use super::forward::HandedOn;
use super::{Api, ApiOnly, OnlyAsks, forward, internal, panel, proxy};
use crate::access::{Principal, Refusal};
use crate::app::Subject;

/// A request that is let in.
struct Admitted {
    to: Target,
    /// Who calls; `None` for one who need not say.
    caller: Option<Principal>,
}

enum Target {
    /// A route of the API.
    Route,
    /// A port that the `Host` names.
    Port(proxy::PortHost),
    /// Nothing more: this is the answer.
    Answer(Response),
}

/// Decides who is served and which limits hold, and hands the request on. The answer carries the
/// [`Principal`] among its extensions.
pub(super) async fn admit(
    api: &Api,
    peer: SocketAddr,
    mut request: Request,
    next: Next,
) -> Response {
    let admitted = match pass(api, peer, &mut request).await {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    let Some(caller) = admitted.caller.clone() else {
        return serve(api, admitted, request, next).await;
    };
    request.extensions_mut().insert(caller.clone());
    let hold = Hold::of(&caller);
    let answer = tokio::select! {
        answer = serve(api, admitted, request, next) => answer,
        // Changes go on, as when a caller goes away.
        () = hold.ended() => unauthorized_meanwhile().into_response(),
    };
    let mut answer = hold.over(answer);
    answer.extensions_mut().insert(caller);
    answer
}

/// Looks at who calls and what for, and takes what only backends tell each other out of the
/// request.
async fn pass(api: &Api, peer: SocketAddr, request: &mut Request) -> Result<Admitted> {
    let port = port_of(api, request)?;
    // A program in a sandbox may have such paths of its own.
    if port.is_none() && internal::is_internal(request.uri().path()) {
        internal::check(api, request.headers())?;
        return Ok(Admitted {
            to: Target::Route,
            caller: None,
        });
    }
    if let Some(HandedOn { caller, principal }) = forward::handed_on(api, request.headers_mut())? {
        // What is told of the caller is told of the one behind the other backend.
        if let Some(caller) = caller {
            let caller = SocketAddr::new(caller, peer.port());
            request.extensions_mut().insert(ConnectInfo(caller));
        }
        return taken_over(api, port, principal, request).await;
    }
    let identified = access::identify(api, peer, request.headers()).await;
    if request.extensions().get::<OnlyAsks>().is_some() {
        return to_nothing(api, peer, identified, request);
    }
    limit(api, peer, &identified)?;
    match port {
        Some(port) => to_port(api, peer, port, identified, request),
        None => to_route(api, peer, identified, request),
    }
}

/// A request that another backend has let in. Who calls is looked up here too: a key that was
/// revoked meanwhile is refused, and what it may do is checked again.
async fn taken_over(
    api: &Api,
    port: Option<proxy::PortHost>,
    principal: forward::Claim,
    request: &mut Request,
) -> Result<Admitted> {
    let caller = principal.resolve(api).await?;
    let need = match &port {
        Some(_) => scopes::USE_PORT,
        None => need_of(request),
    };
    scopes::check(&caller, need)?;
    request.extensions_mut().insert(forward::IsHandedOn);
    Ok(Admitted {
        to: port.map_or(Target::Route, Target::Port),
        caller: Some(caller),
    })
}

/// For one that asks before it sends what it has to send.
fn to_nothing(
    api: &Api,
    peer: SocketAddr,
    identified: Identified,
    request: &Request,
) -> Result<Admitted> {
    let headers = request.headers();
    let host = HostName::of(request.uri(), headers);
    let is_local = access::is_local(peer, headers);
    let caller = identified.as_ref().ok();
    access::check_host(&api.shared.options, is_local, caller, host.as_ref())?;
    known(api, peer, identified)?;
    Ok(Admitted {
        to: Target::Answer(StatusCode::NO_CONTENT.into_response()),
        caller: None,
    })
}

/// Before it is handed on, since the owner takes our word that the caller was let in.
fn to_port(
    api: &Api,
    peer: SocketAddr,
    port: proxy::PortHost,
    identified: Identified,
    request: &Request,
) -> Result<Admitted> {
    let caller = match proxy::let_in(api, &port, request)? {
        proxy::LetIn::Answer(answer) => {
            return Ok(Admitted {
                to: Target::Answer(answer),
                caller: None,
            });
        }
        proxy::LetIn::As(caller) => caller,
        proxy::LetIn::Unknown => known(api, peer, identified)?,
    };
    scopes::check(&caller, scopes::USE_PORT)?;
    Ok(Admitted {
        to: Target::Port(port),
        caller: Some(caller),
    })
}

fn to_route(
    api: &Api,
    peer: SocketAddr,
    identified: Identified,
    request: &Request,
) -> Result<Admitted> {
    let options = &api.shared.options;
    let (headers, path) = (request.headers(), request.uri().path());
    let host = HostName::of(request.uri(), headers);
    let caller = identified.as_ref().ok();
    let is_local = access::is_local(peer, headers);
    access::check_host(options, is_local, caller, host.as_ref())?;
    let is_preflight = *request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !proxy::is_proxied(path) || headers.contains_key(header::ORIGIN) {
        // Browsers ask before they send a key.
        let has_key = options.api_key.is_some()
            || caller.is_some_and(Principal::is_proven)
            || (is_preflight && access::has_keys(api));
        access::check_origin(options, has_key, request.method(), headers, host.as_ref())?;
    }
    if is_preflight {
        return Ok(Admitted {
            to: Target::Answer(preflight()),
            caller: None,
        });
    }
    if is_open(api, path) {
        return Ok(Admitted {
            to: Target::Route,
            caller: identified.ok(),
        });
    }
    let caller = known(api, peer, identified)?;
    scopes::check(&caller, need_of(request))?;
    Ok(Admitted {
        to: Target::Route,
        caller: Some(caller),
    })
}

async fn serve(api: &Api, admitted: Admitted, request: Request, next: Next) -> Response {
    let is_handed_on = request.extensions().get::<forward::IsHandedOn>().is_some();
    let subject = match &admitted.to {
        _ if is_handed_on => None,
        Target::Answer(_) => None,
        Target::Port(port) => Some(Subject::Sandbox(port.sandbox.clone())),
        Target::Route => forward::subject(request.method(), request.uri().path()),
    };
    let request = match (subject, &admitted.caller) {
        (Some(subject), Some(caller)) => {
            match forward::elsewhere(api, &subject, caller, request).await {
                Ok(Ok(request)) => request,
                Ok(Err(answer)) => return answer,
                Err(error) => return error.into_response(),
            }
        }
        _ => request,
    };
    match admitted.to {
        Target::Answer(answer) => answer,
        Target::Port(port) => proxy::by_host(api, port, request)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Target::Route => next.run(request).await,
    }
}

type Identified = std::result::Result<Principal, Refusal>;

/// Refuses a caller who is not known, and slows down one who guesses.
fn known(api: &Api, peer: SocketAddr, identified: Identified) -> Result<Principal> {
    identified.or_else(|refusal| {
        if refusal == Refusal::Wrong {
            let within = api.shared.rate.refusal(peer.ip());
            within.map_err(ApiError::rate_limited)?;
        }
        Err(access::unauthorized(&api.shared.options, &refusal))
    })
}

/// Counts a request: to the key that was sent, where one is right, else to the address.
fn limit(api: &Api, peer: SocketAddr, identified: &Identified) -> Result<()> {
    match identified {
        Ok(Principal::Key(key)) => {
            let default = std::num::NonZeroU32::new(api.shared.options.rate_limit);
            key.admit(default)
                .map_err(|seconds| ApiError::key_rate_limited(&key.row().name, seconds))
        }
        _ => {
            let within = api.shared.rate.request(peer.ip());
            within.map_err(ApiError::rate_limited)
        }
    }
}

fn need_of(request: &Request) -> scopes::Need {
    let route = request.extensions().get::<MatchedPath>();
    scopes::need(request.method(), route.map(MatchedPath::as_str))
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

/// Whether anyone may read it: that the server lives, and where there are keys, how to call it.
fn is_open(api: &Api, path: &str) -> bool {
    match path {
        "/healthz" => true,
        "/docs" | "/docs/try.js" | "/docs/style.css" | "/openapi.json" => access::has_keys(api),
        _ => access::has_keys(api) && panel::is_panel(path),
    }
}

fn unauthorized_meanwhile() -> ApiError {
    ApiError::new(
        ctnr_api::ErrorCode::Unauthorized,
        "the API key was revoked during the request, or its time was over; look whether it was done",
    )
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
