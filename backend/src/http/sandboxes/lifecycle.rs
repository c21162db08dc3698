//! Stopping, restarting and deleting.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{StatusAnswer, StopRequest};

use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{OptionalBody, Params, SandboxRef};
use crate::http::openapi::Errors;

/// The time between the stop signal and SIGKILL where nothing is said, as Docker's.
const GRACE: Duration = Duration::from_secs(10);
/// The longest time that can be asked for.
const MAX_GRACE_SECONDS: f64 = 3_600.0;

/// Stop a sandbox
///
/// Its program gets the image's stop signal, and after the grace period SIGKILL. Its files, its
/// log and its ports' numbers stay. One that does not run is no error.
#[utoipa::path(
    post,
    path = "/v1/sandboxes/{id}/stop",
    tag = "sandboxes",
    operation_id = "stop_sandbox",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), StopRequest),
    request_body = Option<StopRequest>,
    responses(
        (status = 200, description = "It does not run", body = StatusAnswer, example = json!({"status": "stopped"})),
        Errors
    )
)]
pub(super) async fn stop(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<StopRequest>,
    OptionalBody(body): OptionalBody<StopRequest>,
) -> Result<Json<StatusAnswer>> {
    let grace = grace(&params, body.as_ref())?;
    api.app.stop_sandbox(&query, grace).await?;
    Ok(Json(StatusAnswer {
        status: "stopped".to_owned(),
    }))
}

/// Restart a sandbox
///
/// It is stopped where it runs, and started over the files that it left, with the same ports on
/// the host.
#[utoipa::path(
    post,
    path = "/v1/sandboxes/{id}/restart",
    tag = "sandboxes",
    operation_id = "restart_sandbox",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), StopRequest),
    request_body = Option<StopRequest>,
    responses(
        (status = 200, description = "It runs", body = StatusAnswer, example = json!({"status": "restarted"})),
        Errors
    )
)]
pub(super) async fn restart(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<StopRequest>,
    OptionalBody(body): OptionalBody<StopRequest>,
) -> Result<Json<StatusAnswer>> {
    let grace = grace(&params, body.as_ref())?;
    api.app.restart_sandbox(&query, grace).await?;
    Ok(Json(StatusAnswer {
        status: "restarted".to_owned(),
    }))
}

/// Delete a sandbox
///
/// Its program is killed where it runs; nothing of it is left.
#[utoipa::path(
    delete,
    path = "/v1/sandboxes/{id}",
    tag = "sandboxes",
    operation_id = "delete_sandbox",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 204, description = "It is gone"), Errors)
)]
pub(super) async fn delete(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
) -> Result<StatusCode> {
    api.app.delete_sandbox(&query).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn grace(params: &StopRequest, body: Option<&StopRequest>) -> Result<Duration> {
    match params.timeout.or_else(|| body?.timeout) {
        None => Ok(GRACE),
        Some(seconds) if (0.0..=MAX_GRACE_SECONDS).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        Some(_) => Err(ApiError::bad_request("timeout: expected 0 to 3600 seconds")),
    }
}
