//! Starting, stopping, and moving to another runtime.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use ctnr_api::{Container, MoveRuntime, StopRequest};

use super::convert::show;
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, ContainerRef, OptionalBody, Params};
use crate::http::openapi::Errors;

/// The longest time that can be asked for.
const MAX_GRACE_SECONDS: f64 = 3_600.0;

/// Start a container
///
/// Its session comes up, so that programs start at once from then on. One that runs is no error.
/// Running a program starts it too.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/start",
    tag = "containers",
    operation_id = "start_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "It runs", body = Container), Errors)
)]
pub(super) async fn start(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
) -> Result<Json<Container>> {
    Ok(Json(show(api.app.start_container(&query).await?)))
}

/// Stop a container
///
/// Its programs end and its registry is written; after `timeout` seconds (10 where nothing is said)
/// they are killed. Its files and its registry stay. One that does not run is no error.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/stop",
    tag = "containers",
    operation_id = "stop_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), StopRequest),
    request_body = Option<StopRequest>,
    responses((status = 200, description = "It does not run", body = Container), Errors)
)]
pub(super) async fn stop(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    Params(params): Params<StopRequest>,
    OptionalBody(body): OptionalBody<StopRequest>,
) -> Result<Json<Container>> {
    let seconds = params.timeout.or_else(|| body?.timeout);
    let grace = match seconds {
        None => None,
        Some(seconds) if (0.0..=MAX_GRACE_SECONDS).contains(&seconds) => {
            Some(Duration::from_secs_f64(seconds))
        }
        Some(_) => return Err(ApiError::bad_request("timeout: expected 0 to 3600 seconds")),
    };
    Ok(Json(show(api.app.stop_container(&query, grace).await?)))
}

/// Move a container to another runtime
///
/// What it holds stays as it is, so it can be moved back. It is stopped for that, and stays so.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/runtime",
    tag = "containers",
    operation_id = "move_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = MoveRuntime,
    responses((status = 200, description = "It is on that runtime", body = Container), Errors)
)]
pub(super) async fn move_to(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    Body(request): Body<MoveRuntime>,
) -> Result<Json<Container>> {
    let moved = api.app.move_container(&query, &request.runtime).await?;
    Ok(Json(show(moved)))
}
