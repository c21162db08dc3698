//! `GET /v1/sandboxes/{id}/logs`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use ctnr_api::{LogFrame, LogsQuery, OutputStream, TextEncoding};
use ctnr_engine::{EngineError, LogEntry, LogQuery, Stream};
use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};

use crate::http::error::{ApiError, Result};
use crate::http::extract::{Params, SandboxRef};
use crate::http::ndjson::{self, EVENT_STREAM, NDJSON, accepts};
use crate::http::openapi::Errors;
use crate::http::{Api, exec};

/// Read a sandbox's log
///
/// What its program has put out, also after it has ended: as text, or by `Accept` as lines of
/// JSON (`application/x-ndjson`) or server-sent events (`text/event-stream`), each a `LogFrame`.
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/logs",
    tag = "sandboxes",
    operation_id = "read_logs",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), LogsQuery),
    responses(
        (status = 200, description = "The log", content(
            (String = "text/plain"), (LogFrame = "application/x-ndjson"), (LogFrame = "text/event-stream")
        )),
        Errors
    )
)]
pub(super) async fn logs(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<LogsQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let wanted = wanted(&params)?;
    let entries = api.app.logs(&query, &wanted).await?;
    Ok(show(&api, &params, &headers, entries))
}

/// Which part of a log is wanted.
pub(in crate::http) fn wanted(params: &LogsQuery) -> Result<LogQuery> {
    let now = Timestamp::now();
    Ok(LogQuery {
        follow: params.follow,
        tail: params.tail.lines(),
        since: moment("since", params.since.as_deref(), now)?,
        until: moment("until", params.until.as_deref(), now)?,
        stdout: params.stdout,
        stderr: params.stderr,
    })
}

/// A log in the form that the caller asks for.
pub(in crate::http) fn show(
    api: &Api,
    params: &LogsQuery,
    headers: &HeaderMap,
    entries: Entries,
) -> Response {
    let stopping = api.shared.stopping.clone();
    let entries = entries.take_until(stopping.cancelled_owned()).boxed();
    if accepts(headers, EVENT_STREAM) {
        Sse::new(
            frames(entries, params.encoding)
                .map_ok(|frame| Event::default().json_data(frame))
                .map(flatten),
        )
        .keep_alive(KeepAlive::default())
        .into_response()
    } else if accepts(headers, NDJSON) {
        let lines = frames(entries, params.encoding).map(|frame| {
            frame.and_then(|frame| {
                ndjson::line(&frame)
                    .map_err(|error| EngineError::internal("writing a log as JSON", error))
            })
        });
        body(NDJSON, lines)
    } else {
        body(
            "text/plain; charset=utf-8",
            text(entries, params.timestamps),
        )
    }
}

fn flatten<E: std::fmt::Display>(
    event: std::result::Result<std::result::Result<Event, E>, EngineError>,
) -> std::result::Result<Event, EngineError> {
    event?.map_err(|error| EngineError::internal("writing a log as JSON", error))
}

fn body(
    content_type: &'static str,
    stream: impl futures::Stream<Item = std::result::Result<Bytes, EngineError>> + Send + 'static,
) -> Response {
    let mut response = Body::from_stream(stream).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(in crate::http) type Entries = Stream<std::result::Result<LogEntry, EngineError>>;

fn frames(
    entries: Entries,
    encoding: TextEncoding,
) -> Stream<std::result::Result<LogFrame, EngineError>> {
    entries
        .map_ok(move |entry| LogFrame {
            time: entry.time,
            stream: exec::stream_of(entry.stream),
            data: exec::encode(encoding, entry.data.into()),
        })
        .boxed()
}

/// The bytes as they were written, each line of each stream with its time where wanted.
fn text(entries: Entries, timestamps: bool) -> Stream<std::result::Result<Bytes, EngineError>> {
    if !timestamps {
        return entries.map_ok(|entry| entry.data).boxed();
    }
    // Where a stream stands in the middle of a line, what follows needs no time.
    let mut within = [false, false];
    entries
        .map_ok(move |entry| {
            let stream = match exec::stream_of(entry.stream) {
                OutputStream::Stdout => 0,
                OutputStream::Stderr => 1,
            };
            let goes_on = within[stream];
            within[stream] = !entry.data.ends_with(b"\n");
            if goes_on {
                return entry.data;
            }
            let mut line = BytesMut::with_capacity(entry.data.len() + 32);
            line.put_slice(format!("{:.9} ", entry.time).as_bytes());
            line.put_slice(&entry.data);
            line.freeze()
        })
        .boxed()
}

/// Reads a moment: RFC 3339, seconds since 1970, or how long ago.
fn moment(name: &str, text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let seconds = text.parse::<f64>().ok().and_then(|seconds| {
        let duration = SignedDuration::try_from_secs_f64(seconds).ok()?;
        Timestamp::from_duration(duration).ok()
    });
    let ago = || {
        let duration: SignedDuration = text.parse().ok()?;
        now.checked_sub(duration).ok()
    };
    seconds
        .or_else(|| text.parse().ok())
        .or_else(ago)
        .map(Some)
        .ok_or_else(|| {
            ApiError::bad_request(format!(
                "invalid query: {name}: expected a time like 2026-01-31T12:00:00Z, seconds since 1970, or how long ago, like 10m"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_times_seconds_or_ago() {
        let now = Timestamp::from_second(10_000).unwrap();
        for (text, second) in [
            ("1970-01-01T00:00:07Z", 7),
            ("1970-01-01T01:00:07+01:00", 7),
            ("42", 42),
            ("10m", 9_400),
            ("1h30m", 4_600),
        ] {
            let moment = moment("since", Some(text), now).unwrap().unwrap();
            assert_eq!(moment.as_second(), second, "{text}");
        }
        assert_eq!(moment("since", None, now).unwrap(), None);
        for bad in ["", "soon", "1e400", "inf", "NaN"] {
            assert!(moment("since", Some(bad), now).is_err(), "{bad}");
        }
    }
}
