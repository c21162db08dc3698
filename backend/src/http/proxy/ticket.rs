//! Opening a port in a browser where a key is needed.
//!
//! A browser can't send `X-API-Key` when it opens a page. Who has a key asks for a link; the
//! ticket in it is good for one port of one sandbox, is exchanged for a cookie of that port's own
//! origin, and leaves the address bar at once. It is good as long as the key of who asked for it,
//! and by which it is signed: the root key, or what is kept of another.
//!
//! ```text
//!  ticket = expiry "." holder "." base64(HMAC-SHA256(key, expiry "\n" holder "\n" port "\n" sandbox))
//!  holder = "root" | the key's id
//! ```

use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ctnr_api::{ErrorCode, Link, LinkRequest};
use ctnr_model::KeyId;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::host::PortHost;
use super::path;
use crate::access::Principal;
use crate::http::access::HostName;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, SandboxRef};
use crate::http::openapi::Errors;
use crate::http::{Api, Options};

/// What the names of our cookies begin with.
pub(super) const COOKIE_PREFIX: &str = "ctnr_port_";
/// The holder of tickets that the root key signed.
const ROOT: &str = "root";
/// The query parameter of a link's ticket.
const PARAMETER: &str = "ctnr_ticket";
/// How long a ticket is good, and the cookie that it is exchanged for.
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Get a link that opens a port in a browser
///
/// Its page has an origin of its own. For a caller who sends a key, the link holds a ticket for this
/// port alone, good for twelve hours and as long as the key.
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
    Extension(caller): Extension<Principal>,
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
    let mut expires = Timestamp::now()
        .checked_add(LIFE)
        .map_err(|_| ApiError::internal())?;
    if let Some(end) = caller.key().and_then(|key| key.row().expires_at) {
        expires = expires.min(end);
    }
    let (query, expires_at) = match Signer::of(options, &caller) {
        Some(signer) => {
            let to = PortHost::parse(&HostName::parse(&name), options.proxy_domain.as_deref())?
                .ok_or_else(ApiError::internal)?;
            let ticket = signer.issue(&to, expires);
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

/// Who signs tickets, and with what.
struct Signer<'a> {
    holder: &'a str,
    key: &'a [u8],
}

impl<'a> Signer<'a> {
    /// `None` for a caller without a key, who needs no ticket.
    fn of(options: &'a Options, caller: &'a Principal) -> Option<Self> {
        match caller {
            Principal::Local => None,
            Principal::Root => Some(Self {
                holder: ROOT,
                key: options.api_key.as_ref()?.bytes(),
            }),
            Principal::Key(key) => Some(Self {
                holder: key.row().id.as_str(),
                key: key.row().hash.bytes(),
            }),
        }
    }

    fn mac(&self, to: &PortHost, expiry: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key).ok()?;
        let (port, sandbox) = (to.port.port, to.sandbox.as_str());
        mac.update(format!("{expiry}\n{}\n{port}\n{sandbox}", self.holder).as_bytes());
        Some(mac)
    }

    fn issue(&self, to: &PortHost, expires: Timestamp) -> String {
        let expiry = expires.as_second().to_string();
        let proof = self
            .mac(to, &expiry)
            .map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
            .unwrap_or_default();
        format!("{expiry}.{}.{proof}", self.holder)
    }

    fn is_good(&self, to: &PortHost, ticket: &Ticket<'_>, now: Timestamp) -> bool {
        let is_fresh = ticket
            .expiry
            .parse::<i64>()
            .is_ok_and(|expiry| expiry > now.as_second());
        let Ok(proof) = URL_SAFE_NO_PAD.decode(ticket.proof) else {
            return false;
        };
        let mac = self.mac(to, ticket.expiry).filter(|_| is_fresh);
        mac.is_some_and(|mac| mac.verify_slice(&proof).is_ok())
    }
}

/// A ticket's parts.
struct Ticket<'a> {
    expiry: &'a str,
    holder: &'a str,
    proof: &'a str,
}

impl<'a> Ticket<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (expiry, rest) = text.split_once('.')?;
        let (holder, proof) = rest.split_once('.')?;
        Some(Self {
            expiry,
            holder,
            proof,
        })
    }
}

/// Whose ticket it is, where it is good for this port.
fn verify(api: &Api, to: &PortHost, ticket: &str) -> Option<Principal> {
    let ticket = Ticket::parse(ticket)?;
    let holder = if ticket.holder == ROOT {
        Principal::Root
    } else {
        // One that was revoked is not found.
        let id = KeyId::parse(ticket.holder).ok()?;
        Principal::Key(api.app.keyring().find(&id)?)
    };
    let signer = Signer::of(&api.shared.options, &holder)?;
    let is_good = signer.is_good(to, &ticket, Timestamp::now());
    is_good.then_some(holder)
}

fn cookie_name(to: &PortHost) -> String {
    format!("{COOKIE_PREFIX}{}", to.port.port)
}

/// Exchanges the ticket of a link for a cookie, and leads to the same page without it.
pub(super) fn redeem(api: &Api, to: &PortHost, uri: &Uri) -> Option<impl IntoResponse + use<>> {
    let query = uri.query()?;
    let is_ticket = |part: &&str| part.split('=').next() == Some(PARAMETER);
    let ticket = query.split('&').find(is_ticket)?.split_once('=')?.1;
    verify(api, to, ticket)?;
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

/// Whose cookie for this port a request carries.
pub(super) fn holder(api: &Api, to: &PortHost, headers: &HeaderMap) -> Option<Principal> {
    let name = cookie_name(to);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(cookie, _)| *cookie == name)
        .find_map(|(_, ticket)| verify(api, to, ticket))
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
        let signer = |holder, key| Signer { holder, key };
        let root = signer(ROOT, b"k");
        let to = port("3000--web1.localhost");
        let ticket = root.issue(&to, Timestamp::from_second(100).unwrap());
        let good = |signer: &Signer<'_>, to: &PortHost, ticket: &str, now| {
            let now = Timestamp::from_second(now).unwrap();
            Ticket::parse(ticket).is_some_and(|ticket| signer.is_good(to, &ticket, now))
        };
        assert!(good(&root, &to, &ticket, 99));
        assert!(!good(&root, &to, &ticket, 100));
        assert!(!good(&root, &port("3001--web1.localhost"), &ticket, 99));
        assert!(!good(&root, &port("3000--web2.localhost"), &ticket, 99));
        assert!(!good(&signer(ROOT, b"l"), &to, &ticket, 99));
        // Who has the same secret and another name is another.
        let other = signer("0123456789abcdef", b"k");
        assert!(!good(&other, &to, &ticket, 99));
        let later = ticket.replacen("100", "999", 1);
        for bad in [
            "",
            ".",
            "..",
            "100.",
            "100.root",
            "100.root.x",
            "a.b.c",
            later.as_str(),
        ] {
            assert!(!good(&root, &to, bad, 99), "{bad}");
        }
    }
}
