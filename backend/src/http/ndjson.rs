//! Answers that are lines of JSON, and how an answer's form is chosen.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use serde::Serialize;

/// The content type of lines of JSON.
pub(super) const NDJSON: &str = "application/x-ndjson";

/// The content type of server-sent events.
pub(super) const EVENT_STREAM: &str = "text/event-stream";

/// Whether the caller asks for this content type by name.
pub(super) fn accepts(headers: &HeaderMap, content_type: &str) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            item.split(';')
                .next()
                .is_some_and(|name| name.trim().eq_ignore_ascii_case(content_type))
        })
}

/// A value as a line of JSON.
pub(super) fn line<T: Serialize>(value: &T) -> Result<Bytes, serde_json::Error> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line.into())
}

/// An answer of which each item of the stream is a line.
pub(super) fn respond<T: Serialize>(frames: impl Stream<Item = T> + Send + 'static) -> Response {
    let body = Body::from_stream(frames.map(|frame| line(&frame)));
    let mut response = body.into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    response
}
