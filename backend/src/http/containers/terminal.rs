//! Programs over a WebSocket: `ctnr_api`'s module `terminal` has the protocol.

use axum::extract::State;
use axum::response::Response;
use ctnr_api::{ClientMessage, ContainerTerminalQuery, TerminalAttachQuery};
use ctnr_engine::Stdio;

use super::sandbox::Inside;
use crate::app::{ProgramRequest, What};
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::exec::socket::{self, Upgrade};
use crate::http::extract::{ContainerRef, ExecRef, Params};
use crate::http::openapi::Errors;

/// Run a program over a WebSocket
///
/// The command line of `cmd`, or an entry point. With `tty=true` it has a terminal. The protocol is
/// that of `/v1/sandboxes/{id}/exec/ws`. Closing the socket ends the program.
#[utoipa::path(
    get,
    path = "/api/containers/{id}/exec/ws",
    tag = "containers",
    operation_id = "open_container_terminal",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), ContainerTerminalQuery),
    responses((status = 101, description = "The socket is open"), Errors)
)]
pub(super) async fn open(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    Params(params): Params<ContainerTerminalQuery>,
    upgrade: Upgrade,
) -> Result<Response> {
    if params.by_message {
        // What can be said as a status is said so; the rest waits for the program.
        api.app.container(&query).await?;
        return socket::open_by_message(api, upgrade, move |api, message| async move {
            match message {
                ClientMessage::Program(program) => {
                    let request = convert(*program)?;
                    Ok(api.app.run_in_container(&query, request).await)
                }
                _ => Err(ApiError::bad_request("the first message has to be program")),
            }
        });
    }
    let program = convert(params)?;
    socket::open_command(&api, upgrade, api.app.run_in_container(&query, program)).await
}

fn convert(query: ContainerTerminalQuery) -> Result<ProgramRequest> {
    let what = match (query.cmd.is_empty(), query.entry) {
        (false, None) if query.args.is_empty() => What::Command(query.cmd),
        (true, name) => What::Entry {
            name,
            args: query.args,
        },
        (false, _) => {
            return Err(ApiError::bad_request(
                "give cmd, or entry and args, and not both",
            ));
        }
    };
    Ok(ProgramRequest {
        what,
        env: query.env,
        workdir: query.workdir,
        stdio: if query.tty {
            Stdio::Terminal(socket::size(query.columns, query.rows).unwrap_or_default())
        } else {
            Stdio::Pipes { stdin: true }
        },
        detached: false,
        display: query.display,
    })
}

/// Attach to a detached program over a WebSocket
///
/// What it has put out so far, as far as it is kept, then what it puts out from here on. Closing
/// the socket leaves it running.
#[utoipa::path(
    get,
    path = "/api/containers/{id}/exec/{exec}/ws",
    tag = "containers",
    operation_id = "attach_container_terminal",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The program's id"),
        TerminalAttachQuery
    ),
    responses((status = 101, description = "The socket is open"), Errors)
)]
pub(super) async fn attach(
    state: State<Api>,
    Inside(sandbox): Inside,
    exec: ExecRef,
    params: Params<TerminalAttachQuery>,
    upgrade: Upgrade,
) -> Result<Response> {
    socket::attach(state, sandbox, exec, params, upgrade).await
}
