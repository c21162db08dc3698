//! `GET /api/events/containers`.

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ctnr_api::ContainerEventQuery;
use ctnr_model::EventSubject;

use crate::access::Principal;
use crate::app::EventFilter;
use crate::http::access::scopes;
use crate::http::error::Result;
use crate::http::extract::Params;
use crate::http::openapi::Errors;
use crate::http::{Api, events};

/// What happens to containers and jobs, as it happens
///
/// Server-sent events, in the form of `GET /v1/events`, the same on every backend of a database.
/// One who comes back with `Last-Event-ID` misses nothing. A comment every 15 seconds keeps the
/// connection.
#[utoipa::path(
    get,
    path = "/api/events/containers",
    tag = "containers",
    operation_id = "container_events",
    params(ContainerEventQuery, ("Last-Event-ID" = Option<String>, Header, description = "The number of the last event that was seen")),
    responses(
        (status = 200, description = "Events without an end", body = ctnr_api::Event, content_type = "text/event-stream"),
        Errors
    )
)]
pub(super) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Principal>,
    Params(query): Params<ContainerEventQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let filter = EventFilter {
        subjects: scopes::visible(&caller, vec![EventSubject::Container, EventSubject::Job])?,
        actions: Vec::new(),
        ids: query.id,
    };
    events::stream(&api, &headers, query.after, filter).await
}
