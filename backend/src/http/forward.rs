//! Handing a request on to the backend that holds the host it needs.
//!
//! A replica serves what stands in the database by itself. All else goes to the owner of the host
//! with the platform's secret instead of the caller's; the owner's answer comes back as it is, streams and
//! WebSockets included. While a host has no owner, because one died and another has not taken its
//! place yet, a request waits.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use ctnr_api::ErrorCode;
use ctnr_model::{ContainerQuery, KeyId, SandboxQuery};
use hyper::client::conn::http1;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::access::Hold;
use super::error::{ApiError, Result};
use super::proxy::{self, Proxied};
use super::{Api, ApiOnly, request_id};
use crate::access::Principal;
use crate::app::{Place, Subject};
use crate::jobs::INTERNAL_HEADER;
use crate::store::HostRow;

/// How long a request waits for a host that has no owner.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it looks whether there is one.
const LOOK: Duration = Duration::from_millis(100);

/// How long a connection to an owner may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The header by which the owner is told where the caller calls from.
const CALLER_HEADER: &str = "x-ctnr-caller";

/// The header by which the owner is told who calls: never the key itself.
const PRINCIPAL_HEADER: &str = "x-ctnr-principal";

/// The host that a request needs; `None` for one that any process of the platform serves.
pub(super) fn subject(method: &Method, path: &str) -> Option<Subject> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let mut parts = path.strip_prefix('/')?.split('/');
    match (parts.next()?, parts.next()?, parts.next()) {
        ("v1", "sandboxes", None) | ("api", "containers", None) if reads => None,
        ("v1", "events", _) | ("api", "events" | "jobs" | "hosts" | "keys", _) => None,
        // An id that can't be one is refused here.
        ("v1", "sandboxes", Some(id)) => Some(Subject::Sandbox(SandboxQuery::parse(id).ok()?)),
        ("api", "containers", Some(id)) => {
            Some(Subject::Container(ContainerQuery::parse(id).ok()?))
        }
        ("v1" | "api", _, _) => Some(Subject::Host),
        _ => None,
    }
}

/// Serves a request that needs a host: gives it back where that is to be done here, else the
/// owner's answer.
pub(super) async fn elsewhere(
    api: &Api,
    subject: &Subject,
    caller: &Principal,
    request: Request,
) -> Result<std::result::Result<Request, Response>> {
    let began = Instant::now();
    loop {
        let why = match api.app.place_of(subject).await? {
            Place::Here => return Ok(Ok(request)),
            Place::There(host) => match connect(&host).await {
                Ok(stream) => return send(&host, stream, caller, request).await.map(Err),
                Err(error) => format!("the backend of the host at {} is away: {error}", host.url),
            },
            Place::Nowhere => "no backend holds the host that this needs".to_owned(),
        };
        if began.elapsed() > PATIENCE {
            return Err(ApiError::new(
                ErrorCode::Unavailable,
                format!("{why}; start one on its data directory, and try again"),
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn connect(host: &HostRow) -> std::io::Result<TcpStream> {
    let uri: Uri = host.url.parse().map_err(std::io::Error::other)?;
    let authority = uri
        .authority()
        .ok_or_else(|| std::io::Error::other("its address has no host"))?;
    let name = authority.host().trim_matches(['[', ']']);
    let connecting = TcpStream::connect((name, authority.port_u16().unwrap_or(80)));
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
        .await
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn send(
    host: &HostRow,
    stream: TcpStream,
    caller: &Principal,
    mut request: Request,
) -> Result<Response> {
    let broken = |error: hyper::Error| {
        ApiError::new(
            ErrorCode::Unavailable,
            format!(
                "the backend of the host at {} went away during the request ({error}); look whether it was done before you try again",
                host.url
            ),
        )
    };
    let is_proxied = proxy::is_proxied(request.uri().path());
    let switched = request.extensions_mut().remove::<OnUpgrade>();
    let outgoing = outgoing(host, caller, request)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a connection to another backend ended early");
        }
    });
    let mut answer = sender.send_request(outgoing).await.map_err(broken)?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(switched) = switched
    {
        let owner = hyper::upgrade::on(&mut answer);
        let hold = Hold::of(caller);
        tokio::spawn(async move {
            if let Err(error) = proxy::join(switched, owner, &hold).await {
                tracing::debug!(%error, "a switched connection to another backend ended early");
            }
        });
    }
    let mut answer = answer.map(Body::new);
    proxy::remove_hop_by_hop(answer.headers_mut());
    if is_proxied {
        answer.extensions_mut().insert(Proxied);
    }
    Ok(answer)
}

/// The request as the owner gets it: with the platform's secret instead of the caller's, and the
/// address that it came from.
fn outgoing(host: &HostRow, caller: &Principal, request: Request) -> Result<Request> {
    let (mut parts, body) = request.into_parts();
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.ok_or_else(ApiError::internal)?.ip();
    let id = request_id::of(&parts.headers);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path
        .parse()
        .map_err(|_| ApiError::bad_request("the path can't be read"))?;
    let is_for_the_api = parts.extensions.get::<ApiOnly>().is_some();
    parts.extensions.clear();
    proxy::remove_hop_by_hop(&mut parts.headers);
    proxy::remove_secrets(&mut parts.headers);
    let secret = HeaderValue::from_str(&host.secret).map_err(|_| ApiError::internal())?;
    parts.headers.insert(INTERNAL_HEADER, secret);
    let peer = HeaderValue::from_str(&peer.to_string()).map_err(|_| ApiError::internal())?;
    parts.headers.insert(CALLER_HEADER, peer);
    parts.headers.insert(PRINCIPAL_HEADER, Claim::of(caller)?);
    parts.headers.insert(request_id::HEADER, id);
    // The owner would look for a port in the name that such a caller used.
    if is_for_the_api || !parts.headers.contains_key(header::HOST) {
        let authority = host.url.trim_start_matches("http://");
        let authority = HeaderValue::from_str(authority).map_err(|_| ApiError::internal())?;
        parts.headers.insert(header::HOST, authority);
    }
    Ok(Request::from_parts(parts, body))
}

/// A request that another backend has let in.
pub(super) struct HandedOn {
    /// Where its caller called that backend from, where it said.
    pub(super) caller: Option<IpAddr>,
    /// Who that backend says it is.
    pub(super) principal: Claim,
}

/// The mark of such a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct IsHandedOn;

/// Who calls, as another backend says: `local`, `root`, or the id of a key.
pub(super) struct Claim(Option<HeaderValue>);

impl Claim {
    fn of(principal: &Principal) -> Result<HeaderValue> {
        let text = match principal {
            Principal::Local => "local",
            Principal::Root => "root",
            Principal::Key(key) => key.row().id.as_str(),
        };
        HeaderValue::from_str(text).map_err(|_| ApiError::internal())
    }

    /// Looks up who it is. Only a claim that came with the secret of this process gets here.
    pub(super) async fn resolve(&self, api: &Api) -> Result<Principal> {
        let claimed = self.0.as_ref().and_then(|claimed| claimed.to_str().ok());
        match claimed {
            Some("local") => Ok(Principal::Local),
            Some("root") => Ok(Principal::Root),
            Some(id) => {
                let key = match KeyId::parse(id) {
                    Ok(id) => api.app.keyring().find_named_by_platform(&id).await,
                    Err(_) => None,
                };
                key.map(Principal::Key).ok_or_else(|| {
                    ApiError::new(ErrorCode::Unauthorized, "the API key has just been revoked")
                })
            }
            None => Err(ApiError::new(
                ErrorCode::Unavailable,
                "the backend that handed the request on did not say who calls; run the same version everywhere",
            )),
        }
    }
}

/// Takes what backends tell each other out of a request, and gives it where the secret is this
/// process' own.
///
/// # Errors
/// Where the secret is another's: the address that the sender knows is not this process', and
/// handing the request on again could go round in a circle.
pub(super) fn handed_on(api: &Api, headers: &mut HeaderMap) -> Result<Option<HandedOn>> {
    // Only one who knows the secret is believed who calls.
    let caller = headers.remove(CALLER_HEADER);
    let principal = headers.remove(PRINCIPAL_HEADER);
    match headers.remove(INTERNAL_HEADER) {
        None => Ok(None),
        Some(secret) if api.app.is_of_platform(secret.as_bytes()) => Ok(Some(HandedOn {
            caller: caller.and_then(|caller| caller.to_str().ok()?.parse().ok()),
            principal: Claim(principal),
        })),
        Some(_) => Err(ApiError::new(
            ErrorCode::Unavailable,
            "the request was handed on to the wrong backend; each backend's CONTAINERS_INTERNAL_URL has to lead to itself and to no proxy in front of several",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_database_needs_no_host() {
        let sandbox = || Some(Subject::Sandbox(SandboxQuery::parse("web").unwrap()));
        let container = || Some(Subject::Container(ContainerQuery::parse("zip").unwrap()));
        for (method, path, expected) in [
            (Method::GET, "/v1/sandboxes", None),
            (Method::POST, "/v1/sandboxes", Some(Subject::Host)),
            (Method::GET, "/v1/sandboxes/web", sandbox()),
            (Method::DELETE, "/v1/sandboxes/web", sandbox()),
            (Method::GET, "/v1/sandboxes/web/proxy/3000/a/b", sandbox()),
            (Method::GET, "/v1/sandboxes/..%2f", None),
            (Method::GET, "/v1/images", Some(Subject::Host)),
            (Method::GET, "/v1/info", Some(Subject::Host)),
            (Method::GET, "/v1/events", None),
            (Method::GET, "/api/containers", None),
            (Method::DELETE, "/api/containers", Some(Subject::Host)),
            (Method::POST, "/api/containers/zip/run", container()),
            (Method::GET, "/api/events/containers", None),
            (Method::DELETE, "/api/jobs/12", None),
            (Method::PUT, "/api/hosts/0a/agent", None),
            (Method::POST, "/api/keys", None),
            (Method::GET, "/api/host", Some(Subject::Host)),
            (Method::POST, "/api/layers", Some(Subject::Host)),
            (Method::GET, "/healthz", None),
            (Method::GET, "/openapi.json", None),
            (Method::GET, "/docs/try.js", None),
        ] {
            assert_eq!(subject(&method, path), expected, "{method} {path}");
        }
    }
}
