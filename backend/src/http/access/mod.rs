//! Who may call.
//!
//! With an API key configured, the key decides. Without one only loopback peers are served, and a
//! browser's `Host` must name the loopback, so that no page can reach the API by a name that it
//! makes resolve to 127.0.0.1 (DNS rebinding). Either way a page calls only from the API's own
//! origin or one that is configured: the programs in sandboxes serve pages on loopback ports, and
//! those are not trusted.

mod host;
mod key;
mod origin;

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use ctnr_api::{ErrorCode, KEY_PROTOCOL_PREFIX};

use super::Options;
use super::error::{ApiError, Result};

pub(super) use host::HostName;
pub use key::ApiKey;
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

/// How a key stands with the configured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyCheck {
    /// The caller is who may call.
    Granted,
    /// No key was sent, or none is configured and the peer is not on this host.
    Missing,
    /// A key was sent, and it is wrong.
    Wrong,
}

/// Whether the caller is who may call.
pub(super) fn check_key(options: &Options, peer: SocketAddr, headers: &HeaderMap) -> KeyCheck {
    match &options.api_key {
        Some(key) => match sent_key(headers) {
            Some(sent) if key.is(&sent) => KeyCheck::Granted,
            Some(_) => KeyCheck::Wrong,
            None => KeyCheck::Missing,
        },
        None if peer.ip().to_canonical().is_loopback() && !is_forwarded(headers) => {
            KeyCheck::Granted
        }
        None => KeyCheck::Missing,
    }
}

/// The error for a caller who may not call.
pub(super) fn unauthorized(options: &Options, check: KeyCheck) -> ApiError {
    let message = match (check, &options.api_key) {
        (KeyCheck::Wrong, _) => "the key in X-API-Key is not the server's CONTAINERS_API_KEY",
        (_, Some(_)) => "send the server's CONTAINERS_API_KEY in the header X-API-Key",
        (_, None) => {
            "this server serves its own host only; to call it from elsewhere, start it with CONTAINERS_API_KEY set and send that key in the header X-API-Key"
        }
    };
    ApiError::new(ErrorCode::Unauthorized, message)
}

/// The key of the header, or on a WebSocket from a browser, of the offered subprotocols.
fn sent_key(headers: &HeaderMap) -> Option<Vec<u8>> {
    if let Some(key) = headers.get(KEY) {
        return Some(key.as_bytes().to_vec());
    }
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|protocol| key::decode(protocol.trim().strip_prefix(KEY_PROTOCOL_PREFIX)?))
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    FORWARDED.iter().any(|name| headers.contains_key(name))
}

/// Refuses names for the server that only a rebinding page would use. With a key, which such a
/// page does not have, any name will do.
pub(super) fn check_host(options: &Options, host: Option<&HostName>) -> Result<()> {
    let (None, Some(host)) = (&options.api_key, host) else {
        return Ok(());
    };
    let is_bind = |bind: IpAddr| host.address() == Some(bind.to_canonical());
    if host.is_loopback() || options.bind.is_some_and(is_bind) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::Forbidden,
        "without CONTAINERS_API_KEY the server answers to localhost, 127.0.0.1 and [::1] only; call it by one of these, or set a key",
    ))
}

/// Refuses what pages of other origins send.
pub(super) fn check_origin(
    options: &Options,
    method: &Method,
    headers: &HeaderMap,
    host: Option<&HostName>,
) -> Result<()> {
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            let origin = WebOrigin::parse(origin.to_str().unwrap_or_default()).ok();
            let allowed = origin.is_some_and(|origin| {
                host.is_some_and(|host| origin.is_at(host)) || is_allowed(options, &origin)
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
fn is_allowed(options: &Options, origin: &WebOrigin) -> bool {
    options.allowed_origins.contains(origin) || (options.api_key.is_some() && origin.is_loopback())
}

/// The origin to name in `Access-Control-Allow-Origin`, where a foreign page may read the answer.
pub(super) fn cors_origin(options: &Options, headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(header::ORIGIN)?;
    let origin = WebOrigin::parse(value.to_str().ok()?).ok()?;
    is_allowed(options, &origin).then(|| value.clone())
}
