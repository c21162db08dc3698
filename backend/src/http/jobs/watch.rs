//! `GET /api/jobs/{id}/events`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt};

use super::shape;
use crate::app::AppError;
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::PathText;
use crate::http::ndjson::{self, NDJSON, accepts};
use crate::http::openapi::Errors;

/// Watch a job
///
/// Server-sent events: the job as it is, and again with each change, its progress too, until it is
/// over. The id of an event is the job's `revision`; one who comes back with `Last-Event-ID` sees
/// what is later. Changes that follow each other closely may be told as one. With
/// `Accept: application/x-ndjson`, lines of JSON.
#[utoipa::path(
    get,
    path = "/api/jobs/{id}/events",
    tag = "jobs",
    operation_id = "watch_job",
    params(
        ("id" = String, Path, description = "An id, or the unique start of one"),
        ("Last-Event-ID" = Option<String>, Header, description = "The revision that was seen last")
    ),
    responses(
        (status = 200, description = "The job, each time that it changes", body = ctnr_api::Job, content_type = "text/event-stream"),
        Errors
    )
)]
pub(super) async fn watch(
    State(api): State<Api>,
    path: PathText,
    headers: HeaderMap,
) -> Result<Response> {
    let after = headers
        .get("last-event-id")
        .map(|value| {
            let number = value.to_str().ok().and_then(|text| text.parse().ok());
            number.ok_or_else(|| ApiError::bad_request("Last-Event-ID: expected a revision"))
        })
        .transpose()?;
    let job = api.app.job(path.get("id")).await?;
    let stopping = api.shared.stopping.clone();
    let changes = api
        .app
        .watch_job(job.id, after)
        .take_until(stopping.cancelled_owned());
    if accepts(&headers, NDJSON) {
        return Ok(ndjson::respond(
            changes
                .take_while(|job| std::future::ready(job.is_ok()))
                .filter_map(|job| std::future::ready(job.ok().map(shape::job))),
        ));
    }
    let events = changes.and_then(|job| async move {
        Event::default()
            .id(job.revision.to_string())
            .json_data(shape::job(job))
            .map_err(|error| AppError::Internal(format!("writing a job as JSON: {error}")))
    });
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response())
}
