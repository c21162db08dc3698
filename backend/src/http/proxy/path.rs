//! `/v1/sandboxes/{id}/proxy/{port}/…`.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header, uri::PathAndQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::any;
use ctnr_model::{ContainerPort, Protocol};

use super::forward::{Destination, forward};
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{PathText, SandboxRef};

/// The origin of a page that comes this way is one that no other page has. Scripts run; the API,
/// its storage and other sandboxes' pages are out of their reach.
const SANDBOX: HeaderValue = HeaderValue::from_static(
    "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts",
);

/// Headers that tell a browser something about the whole origin, which is the API's.
const OF_THE_ORIGIN: [&str; 6] = [
    "alt-svc",
    "clear-site-data",
    "nel",
    "report-to",
    "service-worker-allowed",
    "strict-transport-security",
];

/// The segments of a path before the program's own: `v1`, `sandboxes`, id, `proxy`, port.
const SEGMENTS: usize = 5;

pub(in crate::http) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/sandboxes/{id}/proxy/{port}", any(proxy))
        .route("/v1/sandboxes/{id}/proxy/{port}/", any(proxy))
        .route("/v1/sandboxes/{id}/proxy/{port}/{*path}", any(proxy))
}

/// Whether a path leads to a program in a sandbox.
pub(in crate::http) fn is_proxied(path: &str) -> bool {
    path.strip_prefix("/v1/sandboxes/")
        .and_then(|rest| rest.split('/').nth(1))
        == Some("proxy")
}

async fn proxy(State(api): State<Api>, path: PathText, request: Request) -> Result<Response> {
    let SandboxRef(sandbox) = SandboxRef::parse(path.get("id"))?;
    let port = port(path.get("port"))?;
    let uri = request.uri().clone();
    let Some((prefix, _)) = split(uri.path()) else {
        // Relative links of the page would lead beside it.
        let query = uri
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        return Ok(Redirect::permanent(&format!("{}/{query}", uri.path())).into_response());
    };
    let to = Destination {
        sandbox: &sandbox,
        port,
        target: target(&uri, prefix)?,
        prefix: Some(prefix),
    };
    let mut response = forward(&api, to, request).await?;
    confine(response.headers_mut(), prefix);
    Ok(response)
}

/// Reads a TCP port of a path.
pub(super) fn port(text: &str) -> Result<ContainerPort> {
    match ContainerPort::parse(text) {
        Ok(port) if port.protocol == Protocol::Tcp => Ok(port),
        _ => Err(ApiError::bad_request(format!(
            "invalid port {text:?}: expected a TCP port from 1 to 65535"
        ))),
    }
}

/// The path before the program's own, and the program's own.
fn split(path: &str) -> Option<(&str, &str)> {
    let (at, _) = path.match_indices('/').nth(SEGMENTS)?;
    Some(path.split_at(at))
}

fn target(uri: &Uri, prefix: &str) -> Result<Uri> {
    let rest = uri
        .path_and_query()
        .map_or("", PathAndQuery::as_str)
        .strip_prefix(prefix)
        .unwrap_or("/");
    rest.parse()
        .map_err(|_| ApiError::bad_request("the path behind the port can't be read"))
}

/// Keeps an answer to its own place: a page in a browser's sandbox, redirects and cookies below
/// the prefix.
fn confine(headers: &mut HeaderMap, prefix: &str) {
    headers.append(header::CONTENT_SECURITY_POLICY, SANDBOX);
    for name in OF_THE_ORIGIN {
        headers.remove(name);
    }
    if let Some(location) = headers.get(header::LOCATION)
        && let Ok(location) = location.to_str()
        && location.starts_with('/')
        && !location.starts_with("//")
        && let Ok(below) = HeaderValue::from_str(&format!("{prefix}{location}"))
    {
        headers.insert(header::LOCATION, below);
    }
    let cookies: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie_below(cookie.to_str().ok()?, prefix))
        .collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
}

fn cookie_below(cookie: &str, prefix: &str) -> Option<HeaderValue> {
    let kept = cookie.split(';').map(str::trim).filter(|part| {
        let name = part.split('=').next().unwrap_or_default().trim();
        !name.eq_ignore_ascii_case("path") && !name.eq_ignore_ascii_case("domain")
    });
    let kept: Vec<&str> = kept.collect();
    HeaderValue::from_str(&format!("{}; Path={prefix}/", kept.join("; "))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_path_is_kept_as_written() {
        for (path, target) in [
            ("/v1/sandboxes/web/proxy/3000/", "/"),
            ("/v1/sandboxes/web/proxy/3000/a/b?c=d", "/a/b?c=d"),
            ("/v1/sandboxes/web/proxy/3000/a%2fb/../c", "/a%2fb/../c"),
            ("/v1/sandboxes/web/proxy/3000//x", "//x"),
        ] {
            let uri: Uri = path.parse().unwrap();
            let (prefix, _) = split(uri.path()).unwrap();
            assert_eq!(prefix, "/v1/sandboxes/web/proxy/3000");
            assert_eq!(
                super::target(&uri, prefix).unwrap().to_string(),
                target,
                "{path}"
            );
        }
        assert_eq!(split("/v1/sandboxes/web/proxy/3000"), None);
        assert!(is_proxied("/v1/sandboxes/web/proxy/3000"));
        assert!(!is_proxied("/v1/sandboxes/web/exec"));
        assert!(!is_proxied("/v1/sandboxes/proxy"));
    }

    #[test]
    fn answers_keep_to_their_place() {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::from_static("/login"));
        headers.append(
            header::SET_COOKIE,
            HeaderValue::from_static("a=1; path=/; Domain=localhost; HttpOnly"),
        );
        headers.append("clear-site-data", HeaderValue::from_static("\"*\""));
        confine(&mut headers, "/p");
        assert_eq!(headers[header::LOCATION], "/p/login");
        assert_eq!(headers[header::SET_COOKIE], "a=1; HttpOnly; Path=/p/");
        assert!(!headers.contains_key("clear-site-data"));
        assert!(headers.contains_key(header::CONTENT_SECURITY_POLICY));
    }

    #[test]
    fn ports_are_tcp() {
        assert_eq!(port("3000").unwrap().port, 3000);
        for bad in ["", "0", "65536", "x", "53/udp"] {
            assert!(port(bad).is_err(), "{bad}");
        }
    }
}
