//! `/docs`: a page to try the API, without anything from elsewhere.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::Api;

/// The page may load its own two files and call its own server, and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(
            "/docs",
            get(async || file("text/html; charset=utf-8", include_str!("docs/page.html"))),
        )
        .route(
            "/docs/try.js",
            get(async || {
                file(
                    "text/javascript; charset=utf-8",
                    include_str!("docs/try.js"),
                )
            }),
        )
        .route(
            "/docs/style.css",
            get(async || file("text/css; charset=utf-8", include_str!("docs/style.css"))),
        )
}

fn file(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (headers, content)
}
