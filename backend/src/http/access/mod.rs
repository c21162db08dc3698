//! Who may call.
//!
//! A key that is sent decides ([`crate::access`]). Without one only loopback peers are served, where
//! the settings name no key, and a browser's `Host` must name the loopback, so that no page can
//! reach the API by a name that it makes resolve to 127.0.0.1 (DNS rebinding). Either way a page
//! calls only from the API's own origin or one that is configured: the programs in sandboxes serve
//! pages on loopback ports, and those are not trusted.

mod held;
mod host;
mod origin;
pub(super) mod scopes;

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ctnr_api::{ErrorCode, KEY_PROTOCOL_PREFIX};

use super::error::{ApiError, Result};
use super::{Api, Options};
use crate::access::{self, Principal, Proof, Refusal};

pub use crate::access::ApiKey;
pub(super) use held::Hold;
pub(super) use host::HostName;
pub use origin::WebOrigin;

/// The header with the key.
pub(super) const KEY: HeaderName = HeaderName::from_static("x-api-key");

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// Headers by which a reverse proxy says that the peer is not the caller.
const FORWARDED: [HeaderName; 3] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

/// Whether a request comes from this host by itself, and not for somebody else.
pub(super) fn is_local(peer: SocketAddr, headers: &HeaderMap) -> bool {
    peer.ip().to_canonical().is_loopback() && !is_forwarded(headers)
}

/// Whether there is any key that a caller may hold.
pub(super) fn has_keys(api: &Api) -> bool {
    api.shared.options.api_key.is_some() || !api.app.keyring().is_empty()
}

/// Finds out who calls.
pub(super) async fn identify(
    api: &Api,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> std::result::Result<Principal, Refusal> {
    access::identify(
        api.shared.options.api_key.as_ref(),
        api.app.keyring(),
        is_local(peer, headers),
        proof(headers),
    )
    .await
}

/// The error for a caller who may not call.
pub(super) fn unauthorized(options: &Options, refusal: &Refusal) -> ApiError {
    let message = match (refusal, &options.api_key) {
        (Refusal::Wrong, Some(_)) => {
            "the key in X-API-Key is neither the server's CONTAINERS_API_KEY nor one that `ctnr key ls` lists".to_owned()
        }
        (Refusal::Wrong, None) => {
            "the key in X-API-Key is none that `ctnr key ls` lists, and this server has no CONTAINERS_API_KEY".to_owned()
        }
        (Refusal::Expired { name, at }, _) => {
            format!("the key {name} expired at {at}; make another with `ctnr key create`")
        }
        (Refusal::Missing, Some(_)) => {
            "send a key in the header X-API-Key: the server's CONTAINERS_API_KEY, or one made with `ctnr key create`".to_owned()
        }
        (Refusal::Missing, None) => {
            "without a key this server serves its own host only; to call it from elsewhere, make a key there with `ctnr key create`, or start the server with CONTAINERS_API_KEY set, and send the key in the header X-API-Key".to_owned()
        }
    };
    ApiError::new(ErrorCode::Unauthorized, message)
}

/// The key of the header, or on a WebSocket from a browser, of the offered subprotocols. It is
/// taken from nowhere else: addresses stand in logs and histories.
fn proof(headers: &HeaderMap) -> Proof {
    let mut sent = headers.get_all(KEY).iter();
    match (sent.next(), sent.next()) {
        (Some(key), None) => return Proof::Key(key.as_bytes().to_vec()),
        (Some(_), Some(_)) => return Proof::Unreadable,
        (None, _) => {}
    }
    let offered = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(KEY_PROTOCOL_PREFIX));
    match offered.map(|key| URL_SAFE_NO_PAD.decode(key)) {
        Some(Ok(key)) => Proof::Key(key),
        Some(Err(_)) => Proof::Unreadable,
        None => Proof::None,
    }
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    FORWARDED.iter().any(|name| headers.contains_key(name))
}

/// Refuses names for the server that only a rebinding page would use. Nothing is needed of the
/// name where the caller has sent a key, which such a page does not have, or has to.
pub(super) fn check_host(
    options: &Options,
    is_local: bool,
    caller: Option<&Principal>,
    host: Option<&HostName>,
) -> Result<()> {
    let is_proven = caller.is_some_and(Principal::is_proven);
    let Some(host) = host.filter(|_| options.api_key.is_none() && is_local && !is_proven) else {
        return Ok(());
    };
    let is_bind = |bind: IpAddr| host.address() == Some(bind.to_canonical());
    if host.is_loopback() || options.bind.is_some_and(is_bind) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::Forbidden,
        "without a key the server answers to localhost, 127.0.0.1 and [::1] only; call it by one of these, or send a key in X-API-Key (CONTAINERS_API_KEY, or one made with `ctnr key create`)",
    ))
}

/// Refuses what pages of other origins send. `has_key` says that a key was sent, or has to be.
pub(super) fn check_origin(
    options: &Options,
    has_key: bool,
    method: &Method,
    headers: &HeaderMap,
    host: Option<&HostName>,
) -> Result<()> {
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            let origin = WebOrigin::parse(origin.to_str().unwrap_or_default()).ok();
            let allowed = origin.is_some_and(|origin| {
                host.is_some_and(|host| origin.is_at(host)) || is_allowed(options, has_key, &origin)
            });
            if allowed {
                return Ok(());
            }
        }
        None => {
            let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
            let is_foreign = matches!(site, Some(b"cross-site" | b"same-site"));
            let is_link = *method == Method::GET
                && headers
                    .get(FETCH_MODE)
                    .is_some_and(|mode| mode == "navigate");
            if !is_foreign || is_link {
                return Ok(());
            }
        }
    }
    Err(ApiError::new(
        ErrorCode::Forbidden,
        "a page of another origin may not call this server; add its origin to CONTAINERS_ALLOWED_ORIGINS if it should",
    ))
}

/// Whether pages of a foreign origin may call: the configured ones; and where a key proves the
/// caller, those of this host.
fn is_allowed(options: &Options, has_key: bool, origin: &WebOrigin) -> bool {
    options.allowed_origins.contains(origin) || (has_key && origin.is_loopback())
}

/// The origin to name in `Access-Control-Allow-Origin`, where a foreign page may read the answer.
pub(super) fn cors_origin(api: &Api, headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(header::ORIGIN)?;
    let origin = WebOrigin::parse(value.to_str().ok()?).ok()?;
    is_allowed(&api.shared.options, has_keys(api), &origin).then(|| value.clone())
}
