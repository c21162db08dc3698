//! Opening a port in a browser where a key is needed.
//!
//! A browser can't send `X-API-Key` when it opens a page. Who has the key asks for a link; the
//! ticket in it is good for one port of one sandbox, is exchanged for a cookie of that port's own
//! origin, and leaves the address bar at once.
//!
//! ```text
//!  ticket = expiry "." base64(HMAC-SHA256(key, expiry "\n" port "\n" sandbox))
//! ```

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ctnr_api::{ErrorCode, Link, LinkRequest};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::host::PortHost;
use super::path;
use crate::http::Api;
use crate::http::access::{ApiKey, HostName};
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, SandboxRef};
use crate::http::openapi::Errors;

/// What the names of our cookies begin with.
pub(super) const COOKIE_PREFIX: &str = "ctnr_port_";
/// The query parameter of a link's ticket.
const PARAMETER: &str = "ctnr_ticket";
/// How long a ticket is good, and the cookie that it is exchanged for.
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Get a link that opens a port in a browser
///
/// Its page has an origin of its own. Where an API key is configured, the link holds a ticket for
/// this port alone, good for twelve hours.
#[utoipa::path(
    post,
    path = "/v1/sandboxes/{id}/links",
    tag = "sandboxes",
    operation_id = "create_link",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = LinkRequest,
    responses((status = 201, description = "The link", body = Link), Errors)
)]
pub(super) async fn link(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    uri: Uri,
    headers: HeaderMap,
    Body(request): Body<LinkRequest>,
) -> Result<impl IntoResponse> {
    let port = path::port(&request.port.to_string())?;
    let sandbox = api.app.sandbox(&query).await?;
    let options = &api.shared.options;
    let called = HostName::of(&uri, &headers);
    let domain = match (&options.proxy_domain, &called) {
        (Some(domain), _) => domain.as_str(),
        (None, Some(host)) if host.is_loopback() => "localhost",
        (None, _) => {
            return Err(ApiError::new(
                ErrorCode::Unsupported,
                "links need names of their own: start the server with CONTAINERS_PROXY_DOMAIN, a domain all of whose names lead to it",
            ));
        }
    };
    // Twelve digits keep the name within the 63 bytes that DNS allows.
    let name = format!("{}--{}.{domain}", port.port, sandbox.spec.id.short());
    let at = match called.as_ref().and_then(HostName::port) {
        Some(port) => format!("{name}:{port}"),
        None => name.clone(),
    };
    let expires = Timestamp::now()
        .checked_add(LIFE)
        .map_err(|_| ApiError::internal())?;
    let (query, expires_at) = match &options.api_key {
        Some(key) => {
            let to = PortHost::parse(&HostName::parse(&name), options.proxy_domain.as_deref())?
                .ok_or_else(ApiError::internal)?;
            let ticket = issue(key, &to, expires);
            (format!("?{PARAMETER}={ticket}"), Some(expires))
        }
        None => (String::new(), None),
    };
    let link = Link {
        url: format!("http://{at}/{query}"),
        expires_at,
    };
    Ok((StatusCode::CREATED, Json(link)))
}

fn mac(key: &ApiKey, to: &PortHost, expiry: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).ok()?;
    mac.update(format!("{expiry}\n{}\n{}", to.port.port, to.sandbox.as_str()).as_bytes());
    Some(mac)
}

fn issue(key: &ApiKey, to: &PortHost, expires: Timestamp) -> String {
    let expiry = expires.as_second().to_string();
    let proof = mac(key, to, &expiry)
        .map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
        .unwrap_or_default();
    format!("{expiry}.{proof}")
}

fn is_good(key: &ApiKey, to: &PortHost, ticket: &str, now: Timestamp) -> bool {
    let Some((expiry, proof)) = ticket.split_once('.') else {
        return false;
    };
    let is_fresh = expiry
        .parse::<i64>()
        .is_ok_and(|expiry| expiry > now.as_second());
    let Ok(proof) = URL_SAFE_NO_PAD.decode(proof) else {
        return false;
    };
    is_fresh && mac(key, to, expiry).is_some_and(|mac| mac.verify_slice(&proof).is_ok())
}

fn cookie_name(to: &PortHost) -> String {
    format!("{COOKIE_PREFIX}{}", to.port.port)
}

/// Exchanges the ticket of a link for a cookie, and leads to the same page without it.
pub(super) fn redeem(key: &ApiKey, to: &PortHost, uri: &Uri) -> Option<impl IntoResponse + use<>> {
    let query = uri.query()?;
    let is_ticket = |part: &&str| part.split('=').next() == Some(PARAMETER);
    let ticket = query.split('&').find(is_ticket)?.split_once('=')?.1;
    if !is_good(key, to, ticket, Timestamp::now()) {
        return None;
    }
    let rest: Vec<&str> = query.split('&').filter(|part| !is_ticket(part)).collect();
    let path = uri.path().trim_start_matches('/');
    let target = if rest.is_empty() {
        format!("/{path}")
    } else {
        format!("/{path}?{}", rest.join("&"))
    };
    let cookie = format!(
        "{}={ticket}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}",
        cookie_name(to),
        LIFE.as_secs()
    );
    Some((
        AppendHeaders([
            (header::SET_COOKIE, cookie),
            (header::REFERRER_POLICY, "no-referrer".to_owned()),
        ]),
        Redirect::to(&target),
    ))
}

/// Whether a request carries the cookie for this port.
pub(super) fn is_valid(key: &ApiKey, to: &PortHost, headers: &HeaderMap) -> bool {
    let name = cookie_name(to);
    let now = Timestamp::now();
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .any(|(cookie, ticket)| cookie == name && is_good(key, to, ticket, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(host: &str) -> PortHost {
        PortHost::parse(&HostName::parse(host), None)
            .unwrap()
            .unwrap()
    }

    #[test]
    fn tickets_are_for_one_port_of_one_sandbox_and_end() {
        let key = ApiKey::new("k").unwrap();
        let to = port("3000--web1.localhost");
        let ticket = issue(&key, &to, Timestamp::from_second(100).unwrap());
        let good = |key: &ApiKey, to: &PortHost, ticket: &str, now| {
            is_good(key, to, ticket, Timestamp::from_second(now).unwrap())
        };
        assert!(good(&key, &to, &ticket, 99));
        assert!(!good(&key, &to, &ticket, 100));
        assert!(!good(&key, &port("3001--web1.localhost"), &ticket, 99));
        assert!(!good(&key, &port("3000--web2.localhost"), &ticket, 99));
        assert!(!good(&ApiKey::new("l").unwrap(), &to, &ticket, 99));
        let later = ticket.replacen("100", "999", 1);
        for bad in ["", ".", "100.", "100.x", "abc", later.as_str()] {
            assert!(!good(&key, &to, bad, 99), "{bad}");
        }
    }
}
