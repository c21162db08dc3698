//! The panel at `/`: files that were built into this binary.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use ctnr_panel::File;
use flate2::read::GzDecoder;

use super::error::{ApiError, Result};

/// What stands at `/` in a binary without the panel.
const ABSENT: &str = include_str!("panel/absent.html");

/// Nothing from elsewhere, no code in the page but what its own hashes name. Styles may stand in
/// elements, since the terminal makes them as it goes; a style can't send anything anywhere.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'";

/// Whether the panel has something at this path. The files hold no secret, so that a browser gets
/// them before the key is known.
pub(super) fn is_panel(path: &str) -> bool {
    path == "/" || ctnr_panel::find(path).is_some()
}

/// The panel's file at this path, where there is one.
pub(super) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    if *method != Method::GET && *method != Method::HEAD {
        return None;
    }
    match ctnr_panel::find(path) {
        Some(file) => Some(send(file, headers).unwrap_or_else(IntoResponse::into_response)),
        None if path == "/" => Some(absent()),
        None => None,
    }
}

fn send(file: &'static File, sent: &HeaderMap) -> Result<Response> {
    let names_it = |value: &HeaderValue| value.as_bytes() == file.etag.as_bytes();
    let mut response = if sent.get_all(header::IF_NONE_MATCH).iter().any(names_it) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if takes_gzip(sent) {
        let mut response = Bytes::from_static(file.gzip).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        let mut content = Vec::new();
        std::io::copy(&mut GzDecoder::new(file.gzip), &mut content).map_err(|error| {
            tracing::error!(path = file.path, %error, "a file of the panel can't be unpacked");
            ApiError::internal()
        })?;
        content.into_response()
    };
    let headers = response.headers_mut();
    let kept = if file.is_immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.content_type),
    );
    headers.insert(header::ETAG, HeaderValue::from_static(file.etag));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    protect(headers, file.script_hashes)?;
    Ok(response)
}

fn absent() -> Response {
    let mut response = Html(ABSENT).into_response();
    match protect(response.headers_mut(), "") {
        Ok(()) => response,
        Err(error) => error.into_response(),
    }
}

fn protect(headers: &mut HeaderMap, script_hashes: &str) -> Result<()> {
    let policy = HeaderValue::try_from(format!("{POLICY} {script_hashes}"))
        .map_err(|_| ApiError::internal())?;
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    Ok(())
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused = weight
                .trim()
                .strip_prefix("q=")
                .is_some_and(|weight| weight.parse() == Ok(0.0));
            matches!(name.trim(), "gzip" | "*") && !refused
        })
}
