//! `GET /v1/events`.

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use ctnr_api::EventQuery;
use ctnr_model::EventSubject;
use futures::{StreamExt, TryStreamExt};

use super::Api;
use super::access::scopes;
use super::error::{ApiError, Result};
use super::extract::Params;
use super::ndjson::{self, NDJSON, accepts};
use super::openapi::Errors;
use crate::access::Principal;
use crate::app::{AppError, EventFilter};

/// The number of the last event that a caller has seen; in an answer of lines, the number that it
/// begins behind.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What happens, as it happens
///
/// Server-sent events; the data of each is an `Event` as JSON, its id the event's number. The
/// first has an id and no data: the number to go on from. One who comes back with `Last-Event-ID`
/// misses nothing. With `Accept: application/x-ndjson`, lines of JSON.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    params(EventQuery, ("Last-Event-ID" = Option<String>, Header, description = "The number of the last event that was seen")),
    responses(
        (status = 200, description = "Events without an end", body = ctnr_api::Event, content_type = "text/event-stream"),
        Errors
    )
)]
pub(super) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Principal>,
    Params(query): Params<EventQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let subjects = if query.subject.is_empty() {
        vec![EventSubject::Sandbox, EventSubject::Image]
    } else {
        query.subject
    };
    let filter = EventFilter {
        subjects: scopes::visible(&caller, subjects)?,
        actions: query.action,
        ids: query.id.into_iter().collect(),
    };
    stream(&api, &headers, query.after, filter).await
}

/// The events that pass the filter, in the form that the caller asks for, behind the number that
/// the caller names.
pub(super) async fn stream(
    api: &Api,
    headers: &HeaderMap,
    after: Option<u64>,
    filter: EventFilter,
) -> Result<Response> {
    let after = match last_event_id(headers)?.or(after) {
        Some(after) => after,
        None => api.app.latest_event().await?,
    };
    let stopping = api.shared.stopping.clone();
    let events = api
        .app
        .events(Some(after), filter)
        .await?
        .take_until(stopping.cancelled_owned());
    if accepts(headers, NDJSON) {
        // A stream that fails ends; its reader comes back with the last number it saw.
        let mut answer = ndjson::respond(
            events
                .take_while(|event| std::future::ready(event.is_ok()))
                .filter_map(|event| std::future::ready(event.ok().map(ctnr_api::Event::from))),
        );
        answer.headers_mut().insert(LAST_EVENT_ID, after.into());
        return Ok(answer);
    }
    let events = events.and_then(|event| async move {
        Event::default()
            .id(event.sequence.to_string())
            .json_data(ctnr_api::Event::from(event))
            .map_err(|error| AppError::Internal(format!("writing an event as JSON: {error}")))
    });
    // The number alone, so that one who has seen no event yet comes back without a gap too.
    let position = futures::stream::iter([Ok(Event::default().id(after.to_string()))]);
    Ok(Sse::new(position.chain(events))
        .keep_alive(KeepAlive::default())
        .into_response())
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>> {
    let Some(id) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    id.to_str()
        .ok()
        .and_then(|id| id.parse().ok())
        .map(Some)
        .ok_or_else(|| ApiError::bad_request("Last-Event-ID: expected the number of an event"))
}
