//! Programs that outlive the request that started them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ctnr_api::{ExecFrame, ExecInfo, ExecList, ResizeRequest, SignalRequest};

use super::sandbox::Inside;
use crate::http::error::Result;
use crate::http::extract::{Body, ExecRef};
use crate::http::openapi::Errors;
use crate::http::{Api, exec};

/// List a container's detached programs
#[utoipa::path(
    get,
    path = "/api/containers/{id}/exec",
    tag = "containers",
    operation_id = "list_container_programs",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name")
    ),
    responses((status = 200, description = "The programs", body = ExecList), Errors)
)]
pub(super) async fn list(state: State<Api>, Inside(sandbox): Inside) -> Result<Json<ExecList>> {
    exec::detached::list(state, sandbox).await
}

/// Look at a detached program
#[utoipa::path(
    get,
    path = "/api/containers/{id}/exec/{exec}",
    tag = "containers",
    operation_id = "inspect_container_program",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The program's id")
    ),
    responses((status = 200, description = "The program", body = ExecInfo), Errors)
)]
pub(super) async fn inspect(
    state: State<Api>,
    Inside(sandbox): Inside,
    exec_ref: ExecRef,
) -> Result<Json<ExecInfo>> {
    exec::detached::inspect(state, sandbox, exec_ref).await
}

/// Read a detached program's output
#[utoipa::path(
    get,
    path = "/api/containers/{id}/exec/{exec}/output",
    tag = "containers",
    operation_id = "read_container_program",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The program's id")
    ),
    responses((status = 200, description = "The output", body = ExecFrame, content_type = "application/x-ndjson"), Errors)
)]
pub(super) async fn output(
    state: State<Api>,
    Inside(sandbox): Inside,
    exec_ref: ExecRef,
) -> Result<Response> {
    exec::detached::output(state, sandbox, exec_ref).await
}

/// Send a signal to a detached program
#[utoipa::path(
    post,
    path = "/api/containers/{id}/exec/{exec}/signal",
    tag = "containers",
    operation_id = "signal_container_program",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The program's id")
    ),
    request_body = SignalRequest,
    responses((status = 204, description = "It was sent"), Errors)
)]
pub(super) async fn signal(
    state: State<Api>,
    Inside(sandbox): Inside,
    exec_ref: ExecRef,
    request: Body<SignalRequest>,
) -> Result<StatusCode> {
    exec::detached::signal(state, sandbox, exec_ref, request).await
}

/// Set the size of a detached program's terminal
#[utoipa::path(
    post,
    path = "/api/containers/{id}/exec/{exec}/resize",
    tag = "containers",
    operation_id = "resize_container_program",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The program's id")
    ),
    request_body = ResizeRequest,
    responses((status = 204, description = "It is set"), Errors)
)]
pub(super) async fn resize(
    state: State<Api>,
    Inside(sandbox): Inside,
    exec_ref: ExecRef,
    request: Body<ResizeRequest>,
) -> Result<StatusCode> {
    exec::detached::resize(state, sandbox, exec_ref, request).await
}
