//! Which headers pass.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ctnr_api::KEY_PROTOCOL_PREFIX;

use super::ticket;
use crate::http::access;

/// Headers that are about one connection (RFC 9110, section 7.6.1), beside those that `Connection`
/// names.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

const FORWARDED: [HeaderName; 6] = [
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// The protocol that a message wants to switch to.
pub(super) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let wants = connection_options(headers).any(|option| option.eq_ignore_ascii_case("upgrade"));
    headers.get(header::UPGRADE).filter(|_| wants).cloned()
}

fn connection_options(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Removes what is about this connection; a switch of protocols stays.
pub(in crate::http) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let upgrade = upgrade(headers);
    let named: Vec<HeaderName> = connection_options(headers)
        .filter_map(|option| option.parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
}

/// Removes the caller's proof of who they are, which is nobody's business but of the process that
/// lets them in.
pub(in crate::http) fn remove_secrets(headers: &mut HeaderMap) {
    headers.remove(access::KEY);
    keep_items(headers, &header::SEC_WEBSOCKET_PROTOCOL, ",", |item| {
        !item.starts_with(KEY_PROTOCOL_PREFIX)
    });
    keep_items(headers, &header::COOKIE, ";", |item| {
        !item.starts_with(ticket::COOKIE_PREFIX)
    });
}

fn keep_items(
    headers: &mut HeaderMap,
    name: &HeaderName,
    separator: &str,
    keep: impl Fn(&str) -> bool,
) {
    let Some(first) = headers.get(name) else {
        return;
    };
    let mut items = Vec::new();
    for value in headers.get_all(name) {
        match value.to_str() {
            Ok(text) => items.extend(text.split(separator).map(str::trim)),
            // What can't be read can't be looked through for a secret either.
            Err(_) => continue,
        }
    }
    let all = items.len();
    items.retain(|item| keep(item));
    if items.len() == all && first.to_str().is_ok() {
        return;
    }
    let joined = items.join(if separator == ";" { "; " } else { ", " });
    headers.remove(name);
    if let Ok(value) = HeaderValue::from_str(&joined)
        && !joined.is_empty()
    {
        headers.insert(name, value);
    }
}

/// Says who calls and by which name; what the caller says of it is not believed.
pub(super) fn set_forwarded(headers: &mut HeaderMap, peer: IpAddr, prefix: Option<&str>) {
    for name in &FORWARDED {
        headers.remove(name);
    }
    if let Ok(peer) = HeaderValue::from_str(&peer.to_canonical().to_string()) {
        headers.insert("x-forwarded-for", peer);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    if let Some(host) = headers.get(header::HOST).cloned() {
        headers.insert("x-forwarded-host", host);
    }
    match prefix.map(HeaderValue::from_str) {
        Some(Ok(prefix)) => {
            headers.insert("x-forwarded-prefix", prefix);
        }
        _ => {
            headers.remove("x-forwarded-prefix");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn what_is_about_one_connection_does_not_pass() {
        let mut map = headers(&[
            ("connection", "close, X-Secret"),
            ("x-secret", "1"),
            ("keep-alive", "5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("accept", "*/*"),
        ]);
        remove_hop_by_hop(&mut map);
        assert_eq!(map, headers(&[("accept", "*/*")]));
    }

    #[test]
    fn a_switch_of_protocols_passes() {
        let mut map = headers(&[
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
        ]);
        remove_hop_by_hop(&mut map);
        let expected = headers(&[("connection", "upgrade"), ("upgrade", "websocket")]);
        assert_eq!(map, expected);

        let mut alone = headers(&[("upgrade", "websocket")]);
        remove_hop_by_hop(&mut alone);
        assert!(alone.is_empty());
    }

    #[test]
    fn secrets_do_not_pass() {
        let mut map = headers(&[
            ("x-api-key", "s3cret"),
            ("sec-websocket-protocol", "chat, ctnr.key.czNjcmV0"),
            ("cookie", "a=1; ctnr_port_3000=x; b=2"),
        ]);
        remove_secrets(&mut map);
        let expected = headers(&[("sec-websocket-protocol", "chat"), ("cookie", "a=1; b=2")]);
        assert_eq!(map, expected);

        let mut alone = headers(&[("cookie", "ctnr_port_3000=x")]);
        remove_secrets(&mut alone);
        assert!(alone.is_empty());
    }

    #[test]
    fn what_the_caller_says_of_itself_is_replaced() {
        let mut map = headers(&[
            ("host", "example.com"),
            ("x-forwarded-for", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
            ("x-real-ip", "1.2.3.4"),
            ("x-forwarded-prefix", "/evil"),
        ]);
        set_forwarded(&mut map, "10.0.0.9".parse().unwrap(), None);
        assert_eq!(map["x-forwarded-for"], "10.0.0.9");
        assert_eq!(map["x-forwarded-host"], "example.com");
        for gone in ["forwarded", "x-real-ip", "x-forwarded-prefix"] {
            assert!(!map.contains_key(gone), "{gone}");
        }
    }
}
