//! Running programs.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ctnr_api::{ContainerExecRequest, ExecFrame, ExecResult, ExecStarted, RunRequest};
use ctnr_engine::{Stdio, TerminalSize};

use crate::app::{ProgramRequest, What};
use crate::http::Api;
use crate::http::error::Result;
use crate::http::exec::Asked;
use crate::http::extract::{Body, ContainerRef, OptionalBody};
use crate::http::openapi::Errors;

/// Run an entry point of a container
///
/// A container that does not run is started first. Answers when the program has ended, with its
/// output and exit code; with `stream`, as it puts out; with `detach`, at once. A caller who goes
/// away ends the program, unless it is detached.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/run",
    tag = "containers",
    operation_id = "run_entry_point",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = Option<RunRequest>,
    responses(
        (status = 200, description = "The program has ended, or is streamed", content(
            (ExecResult = "application/json"), (ExecFrame = "application/x-ndjson")
        )),
        (status = 201, description = "The program runs, detached", body = ExecStarted),
        Errors
    )
)]
pub(super) async fn run(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    headers: HeaderMap,
    OptionalBody(request): OptionalBody<RunRequest>,
) -> Result<Response> {
    let request = request.unwrap_or_default();
    let hearing = Asked {
        stdin: request.stdin,
        timeout: request.timeout,
        encoding: request.encoding,
        stream: request.stream,
        detach: request.detach,
        tty: request.tty,
    }
    .check(&headers)?;
    let program = ProgramRequest {
        what: What::Entry {
            name: request.entry,
            args: request.args,
        },
        env: request.env.0,
        workdir: request.workdir,
        stdio: stdio(request.tty, hearing.stdin.is_some()),
        detached: request.detach,
        display: request.display,
    };
    let started = api.app.run_in_container(&query, program).await;
    hearing.answer(started).await
}

/// Run a command line in a container
///
/// As `run`, with any program that the container has. One that does not exist has the exit code of
/// Wine's loader.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/exec",
    tag = "containers",
    operation_id = "exec_in_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = ContainerExecRequest,
    responses(
        (status = 200, description = "The program has ended, or is streamed", content(
            (ExecResult = "application/json"), (ExecFrame = "application/x-ndjson")
        )),
        (status = 201, description = "The program runs, detached", body = ExecStarted),
        Errors
    )
)]
pub(super) async fn exec(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    headers: HeaderMap,
    Body(request): Body<ContainerExecRequest>,
) -> Result<Response> {
    let hearing = Asked {
        stdin: request.stdin,
        timeout: request.timeout,
        encoding: request.encoding,
        stream: request.stream,
        detach: request.detach,
        tty: request.tty,
    }
    .check(&headers)?;
    let program = ProgramRequest {
        what: What::Command(request.cmd),
        env: request.env.0,
        workdir: request.workdir,
        stdio: stdio(request.tty, hearing.stdin.is_some()),
        detached: request.detach,
        display: request.display,
    };
    let started = api.app.run_in_container(&query, program).await;
    hearing.answer(started).await
}

fn stdio(tty: bool, stdin: bool) -> Stdio {
    if tty {
        Stdio::Terminal(TerminalSize::default())
    } else {
        Stdio::Pipes { stdin }
    }
}
