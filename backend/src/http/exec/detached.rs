//! Commands that outlive the request that started them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ctnr_api::{
    ExecFrame, ExecInfo, ExecList, ExecState, ResizeRequest, SignalRequest, TextEncoding,
};
use ctnr_engine::TerminalSize;
use futures::StreamExt;

use super::run::frames;
use super::session::Running;
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, ExecRef, SandboxRef};
use crate::http::ndjson;
use crate::http::openapi::Errors;

/// List a sandbox's detached commands
///
/// Those since it was started, the ended ones too.
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/exec",
    tag = "exec",
    operation_id = "list_commands",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "The commands", body = ExecList), Errors)
)]
pub(in crate::http) async fn list(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
) -> Result<Json<ExecList>> {
    let execs = api.app.execs(&query).await?;
    Ok(Json(ExecList {
        execs: execs.into_iter().map(convert).collect(),
    }))
}

/// Look at a detached command
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/exec/{exec}",
    tag = "exec",
    operation_id = "inspect_command",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The command's id")
    ),
    responses((status = 200, description = "The command", body = ExecInfo), Errors)
)]
pub(in crate::http) async fn inspect(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    ExecRef(exec): ExecRef,
) -> Result<Json<ExecInfo>> {
    let execs = api.app.execs(&query).await?;
    execs
        .into_iter()
        .find(|info| info.id == exec)
        .map(|info| Json(convert(info)))
        .ok_or_else(|| ApiError::not_found(format!("exec {exec} not found in this sandbox")))
}

/// Read a detached command's output
///
/// Lines of JSON, each an `ExecFrame`: what it has put out so far, as far as it is kept, then what
/// it puts out until it ends. Going away does not end it.
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/exec/{exec}/output",
    tag = "exec",
    operation_id = "read_command",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The command's id")
    ),
    responses(
        (status = 200, description = "The output", body = ExecFrame, content_type = "application/x-ndjson"),
        Errors
    )
)]
pub(in crate::http) async fn output(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    ExecRef(exec): ExecRef,
) -> Result<Response> {
    let session = api.app.attach(&query, &exec).await?;
    let running = Running::new(session, None, None);
    let stopping = api.shared.stopping.clone();
    Ok(ndjson::respond(
        frames(Some(exec), running, TextEncoding::Utf8).take_until(stopping.cancelled_owned()),
    ))
}

/// Send a signal to a detached command
#[utoipa::path(
    post,
    path = "/v1/sandboxes/{id}/exec/{exec}/signal",
    tag = "exec",
    operation_id = "signal_command",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The command's id")
    ),
    request_body = SignalRequest,
    responses((status = 204, description = "It was sent"), Errors)
)]
pub(in crate::http) async fn signal(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    ExecRef(exec): ExecRef,
    Body(request): Body<SignalRequest>,
) -> Result<StatusCode> {
    api.app
        .signal_exec(&query, &exec, request.signal.number())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set the size of a detached command's terminal
#[utoipa::path(
    post,
    path = "/v1/sandboxes/{id}/exec/{exec}/resize",
    tag = "exec",
    operation_id = "resize_command",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The command's id")
    ),
    request_body = ResizeRequest,
    responses((status = 204, description = "It is set"), Errors)
)]
pub(in crate::http) async fn resize(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    ExecRef(exec): ExecRef,
    Body(request): Body<ResizeRequest>,
) -> Result<StatusCode> {
    let size = TerminalSize {
        columns: request.columns,
        rows: request.rows,
    };
    api.app.resize_exec(&query, &exec, size).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn convert(info: ctnr_engine::ExecInfo) -> ExecInfo {
    let (state, finished_at, exit_code) = match info.state {
        ctnr_engine::ExecState::Running => (ExecState::Running, None, None),
        ctnr_engine::ExecState::Exited { status, at } => {
            (ExecState::Exited, Some(at), Some(status.code))
        }
    };
    ExecInfo {
        id: info.id.to_string(),
        cmd: info.cmd,
        tty: info.terminal,
        state,
        pid: info.pid,
        started_at: info.started_at,
        finished_at,
        exit_code,
    }
}
