//! `GET /api/containers/{id}/logs`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ctnr_api::{LogFrame, LogsQuery};

use crate::http::Api;
use crate::http::error::Result;
use crate::http::extract::{ContainerRef, Params};
use crate::http::openapi::Errors;
use crate::http::sandboxes::logs::{show, wanted};

/// Read a container's log
///
/// What its session has put out: not its programs, whose output their callers get. It begins anew
/// with a snapshot, a clone, a rollback or a reset.
#[utoipa::path(
    get,
    path = "/api/containers/{id}/logs",
    tag = "containers",
    operation_id = "read_container_logs",
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
    ContainerRef(query): ContainerRef,
    Params(params): Params<LogsQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let wanted = wanted(&params)?;
    let entries = api.app.container_logs(&query, &wanted).await?;
    Ok(show(&api, &params, &headers, entries))
}
