//! Commands over a WebSocket: `ctnr_api`'s module `terminal` has the protocol.

use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use bytes::{BufMut, Bytes, BytesMut};
use ctnr_api::{
    ATTACH_PROTOCOL, ClientMessage, ErrorCode, STDERR_FRAME, STDOUT_FRAME, ServerMessage,
    TerminalAttachQuery, TerminalQuery,
};
use ctnr_engine::{ExecControl, ExecSession, OutputStream, Stdio, TerminalSize};
use ctnr_model::ExecId;
use futures::{SinkExt, Stream, StreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::run::shell_word;
use super::session::{Running, Step};
use crate::app;
use crate::http::Api;
use crate::http::access::Hold;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{ExecRef, Params, SandboxRef};
use crate::http::openapi::Errors;

/// The largest message that a client may send.
const MAX_MESSAGE: usize = 1024 * 1024;
/// How long a client may take to name its command.
const START: Duration = Duration::from_secs(30);
/// How often a silent client is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);
/// How long a peer may take to close its side.
const GOODBYE: Duration = Duration::from_secs(10);
/// Messages for standard input that wait to be read by the command.
const WAITING: usize = 16;

/// A WebSocket that is asked for, and until when its caller may have it.
pub(in crate::http) struct Upgrade {
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    hold: Hold,
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = parts.extensions.get();
        Ok(Self {
            hold: caller.map(Hold::of).ok_or_else(ApiError::internal)?,
            upgrade: WebSocketUpgrade::from_request_parts(parts, state).await,
        })
    }
}

/// A socket that can be opened.
struct Prepared {
    upgrade: WebSocketUpgrade,
    until: Until,
}

/// What ends a socket that its peers would keep.
struct Until {
    stopping: CancellationToken,
    hold: Hold,
}

impl Until {
    /// Waits for it, and says what it was.
    async fn reached(&self) -> ApiError {
        let (code, message) = tokio::select! {
            () = self.stopping.cancelled() => {
                (ErrorCode::Unavailable, "the server stops; connect again")
            }
            () = self.hold.ended() => {
                (ErrorCode::Unauthorized, "the API key was revoked, or its time is over")
            }
        };
        ApiError::new(code, message)
    }
}

/// Run a command over a WebSocket
///
/// With `tty=true` it has a terminal. Binary messages carry data, text messages JSON:
/// `docs/api.md` has the protocol. Closing the socket ends the command, unless it is detached.
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/exec/ws",
    tag = "exec",
    operation_id = "open_terminal",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), TerminalQuery),
    responses((status = 101, description = "The socket is open"), Errors)
)]
pub(super) async fn open(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<TerminalQuery>,
    upgrade: Upgrade,
) -> Result<Response> {
    let upgrade = prepare(&api, upgrade)?;
    if params.cmd.is_empty() {
        // What can be said as a status is said so; the rest waits for the command.
        api.app.sandbox(&query).await?;
        return Ok(on_message(api, upgrade, move |api, message| async move {
            match message {
                ClientMessage::Start(start) => Ok(api.app.exec(&query, convert(*start)).await),
                _ => Err(ApiError::bad_request("the first message has to be start")),
            }
        }));
    }
    let started = api.app.exec(&query, convert(params)).await;
    connect(upgrade, started)
}

/// Opens the socket of a command that is started by `start`.
pub(in crate::http) async fn open_command(
    api: &Api,
    upgrade: Upgrade,
    start: impl Future<Output = app::Result<(ExecId, ExecSession)>>,
) -> Result<Response> {
    let upgrade = prepare(api, upgrade)?;
    connect(upgrade, start.await)
}

fn connect(prepared: Prepared, started: app::Result<(ExecId, ExecSession)>) -> Result<Response> {
    let Prepared { upgrade, until } = prepared;
    match started {
        Ok((id, session)) => {
            Ok(upgrade.on_upgrade(move |socket| drive(socket, id, session, until)))
        }
        Err(error) => {
            let (message, exit_code) = shell_word(error)?;
            Ok(upgrade.on_upgrade(move |socket| refuse(socket, message, exit_code)))
        }
    }
}

/// Attach to a detached command over a WebSocket
///
/// What it has put out so far, as far as it is kept, then what it puts out from here on. Closing
/// the socket leaves it running.
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/exec/{exec}/ws",
    tag = "exec",
    operation_id = "attach_terminal",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("exec" = String, Path, description = "The command's id"),
        TerminalAttachQuery
    ),
    responses((status = 101, description = "The socket is open"), Errors)
)]
pub(in crate::http) async fn attach(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    ExecRef(exec): ExecRef,
    Params(params): Params<TerminalAttachQuery>,
    upgrade: Upgrade,
) -> Result<Response> {
    let upgrade = prepare(&api, upgrade)?;
    let session = api.app.attach(&query, &exec).await?;
    if let Some(size) = size(params.columns, params.rows) {
        session.control.resize(size).await?;
    }
    let Prepared { upgrade, until } = upgrade;
    Ok(upgrade.on_upgrade(move |socket| drive(socket, exec, session, until)))
}

fn convert(query: TerminalQuery) -> app::ExecRequest {
    app::ExecRequest {
        stdio: if query.tty {
            Stdio::Terminal(size(query.columns, query.rows).unwrap_or_default())
        } else {
            Stdio::Pipes { stdin: true }
        },
        cmd: query.cmd,
        env: query.env,
        workdir: query.workdir,
        user: query.user,
        detached: query.detach,
    }
}

/// Opens the socket of a command that the first message names, and `start` starts.
pub(in crate::http) fn open_by_message<S, F>(
    api: Api,
    upgrade: Upgrade,
    start: S,
) -> Result<Response>
where
    S: FnOnce(Api, ClientMessage) -> F + Send + 'static,
    F: Future<Output = Result<app::Result<(ExecId, ExecSession)>>> + Send,
{
    let prepared = prepare(&api, upgrade)?;
    Ok(on_message(api, prepared, start))
}

fn on_message<S, F>(api: Api, prepared: Prepared, start: S) -> Response
where
    S: FnOnce(Api, ClientMessage) -> F + Send + 'static,
    F: Future<Output = Result<app::Result<(ExecId, ExecSession)>>> + Send,
{
    let Prepared { upgrade, until } = prepared;
    upgrade.on_upgrade(async move |mut socket| {
        let first = tokio::select! {
            first = first_message(&mut socket) => first,
            end = until.reached() => Err(end),
        };
        let error = match first {
            Ok(None) => return,
            Ok(Some(message)) => match start(api, message).await {
                Ok(Ok((id, session))) => return drive(socket, id, session, until).await,
                Ok(Err(error)) => match shell_word(error) {
                    Ok((message, exit_code)) => return refuse(socket, message, exit_code).await,
                    Err(error) => error,
                },
                Err(error) => error,
            },
            Err(error) => error,
        };
        send_all(&mut socket, [error_message(error), Message::Close(None)]).await;
    })
}

/// What the client says first; `None` where it has gone.
async fn first_message(socket: &mut WebSocket) -> Result<Option<ClientMessage>> {
    match tokio::time::timeout(START, socket.next()).await {
        Ok(Some(Ok(Message::Text(message)))) => serde_json::from_str(&message)
            .map(Some)
            .map_err(|error| ApiError::bad_request(format!("invalid message: {error}"))),
        Ok(Some(Ok(Message::Binary(_)))) => Err(ApiError::bad_request(
            "the first message has to name the command",
        )),
        Ok(_) => Ok(None),
        Err(_) => Err(ApiError::bad_request("no command was named within 30 s")),
    }
}

fn prepare(api: &Api, asked: Upgrade) -> Result<Prepared> {
    match asked.upgrade {
        Ok(upgrade) => Ok(Prepared {
            upgrade: upgrade
                .protocols([ATTACH_PROTOCOL])
                .max_message_size(MAX_MESSAGE),
            until: Until {
                stopping: api.shared.stopping.clone(),
                hold: asked.hold,
            },
        }),
        Err(error) => Err(ApiError::bad_request(format!(
            "this route is a WebSocket: {}",
            error.body_text()
        ))),
    }
}

pub(in crate::http) fn size(columns: Option<u16>, rows: Option<u16>) -> Option<TerminalSize> {
    let default = TerminalSize::default();
    (columns.is_some() || rows.is_some()).then(|| TerminalSize {
        columns: columns.unwrap_or(default.columns),
        rows: rows.unwrap_or(default.rows),
    })
}

/// Shows what a shell would show for a command that does not start.
async fn refuse(mut socket: WebSocket, message: String, exit_code: i32) {
    let exit = ServerMessage::Exit {
        exit_code,
        oom_killed: false,
    };
    let message = frame(OutputStream::Stderr, format!("{message}\r\n").as_bytes());
    send_all(&mut socket, [message, text(&exit), Message::Close(None)]).await;
}

/// Sends messages as far as the peer is there.
async fn send_all<const N: usize>(socket: &mut WebSocket, messages: [Message; N]) {
    for message in messages {
        if socket.send(message).await.is_err() {
            return;
        }
    }
    part(socket).await;
}

/// Reads on until the peer has closed too. Were the connection closed over something that the peer
/// has sent and nobody has read, the system would reset it, and what is on its way to the peer, the
/// exit code, would be lost.
async fn part(
    source: &mut (impl Stream<Item = std::result::Result<Message, axum::Error>> + Unpin),
) {
    let gone = async { while let Some(Ok(_)) = source.next().await {} };
    // One that never closes is left.
    let _ = tokio::time::timeout(GOODBYE, gone).await;
}

/// Joins a socket and a command until one of them ends. A peer that is gone shows as a failing
/// send.
async fn drive(socket: WebSocket, id: ExecId, session: ExecSession, until: Until) {
    let mut end = std::pin::pin!(until.reached());
    let (mut sink, mut source) = socket.split();
    let (mut running, stdin) = Running::interactive(session);
    let mut input = stdin.map(feed);
    let mut waiting: Option<Bytes> = None;
    let mut ping = tokio::time::interval(PING);
    let mut next = Some(text(&ServerMessage::Started { id: id.to_string() }));
    let mut is_last = false;
    loop {
        if let Some(message) = next.take()
            && sink.send(message).await.is_err()
        {
            return;
        }
        if is_last {
            break;
        }
        tokio::select! {
            step = running.step() => match step {
                Step::Output(output) => next = Some(frame(output.stream, &output.data)),
                Step::Ended(ended) => {
                    is_last = true;
                    next = Some(text(&ServerMessage::Exit {
                        exit_code: ended.exit_code,
                        oom_killed: ended.oom_killed,
                    }));
                }
                Step::Lost(error) => {
                    is_last = true;
                    next = Some(error_message(error.into()));
                }
            },
            // Nothing more is read while the command has not taken what came.
            message = source.next(), if waiting.is_none() => match message {
                Some(Ok(Message::Binary(bytes))) => waiting = input.is_some().then_some(bytes),
                Some(Ok(Message::Text(message))) => match obey(running.control(), &mut input, &message).await {
                    Ok(()) => {}
                    Err(error) => {
                        is_last = true;
                        next = Some(error_message(error));
                    }
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            () = pass_on(&mut input, &mut waiting), if waiting.is_some() => {}
            _ = ping.tick() => next = Some(Message::Ping(Bytes::new())),
            error = &mut end => {
                is_last = true;
                next = Some(error_message(error));
            }
        }
    }
    drop((running, input));
    // The peer may be gone already, and then needs no goodbye.
    if sink.send(Message::Close(None)).await.is_ok() {
        part(&mut source).await;
    }
}

/// Does what a text message asks for.
async fn obey(
    control: &dyn ExecControl,
    input: &mut Option<mpsc::Sender<Bytes>>,
    message: &str,
) -> Result<()> {
    let message: ClientMessage = serde_json::from_str(message)
        .map_err(|error| ApiError::bad_request(format!("invalid message: {error}")))?;
    let done = match message {
        ClientMessage::Resize { columns, rows } => {
            control.resize(TerminalSize { columns, rows }).await
        }
        ClientMessage::Signal { signal } => control.signal(signal.number()).await,
        ClientMessage::CloseStdin => {
            *input = None;
            Ok(())
        }
        ClientMessage::Start(_) | ClientMessage::Program(_) => {
            return Err(ApiError::bad_request("the command has been started"));
        }
    };
    // A command may end just as it is told something.
    if let Err(error) = done {
        tracing::debug!(%error, "a command could not be told something");
    }
    Ok(())
}

/// Hands `waiting` to the command as soon as there is room for it.
async fn pass_on(input: &mut Option<mpsc::Sender<Bytes>>, waiting: &mut Option<Bytes>) {
    let permit = match input {
        Some(input) => input.reserve().await.ok(),
        None => None,
    };
    // A command that has closed its input gets no more of it.
    if let (Some(bytes), Some(permit)) = (waiting.take(), permit) {
        permit.send(bytes);
    }
}

/// Writes what comes to standard input, and closes it when nothing more can come.
fn feed(mut stdin: Box<dyn AsyncWrite + Send + Unpin>) -> mpsc::Sender<Bytes> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(WAITING);
    tokio::spawn(async move {
        while let Some(bytes) = receiver.recv().await {
            let written = match stdin.write_all(&bytes).await {
                Ok(()) => stdin.flush().await,
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                tracing::debug!(%error, "a command takes no more input");
                return;
            }
        }
        if let Err(error) = stdin.shutdown().await {
            tracing::debug!(%error, "closing a command's input failed");
        }
    });
    sender
}

fn frame(stream: OutputStream, data: &[u8]) -> Message {
    let mut bytes = BytesMut::with_capacity(data.len() + 1);
    bytes.put_u8(match stream {
        OutputStream::Stdout => STDOUT_FRAME,
        OutputStream::Stderr => STDERR_FRAME,
    });
    bytes.put_slice(data);
    Message::Binary(bytes.freeze())
}

fn text(message: &ServerMessage) -> Message {
    // These types hold nothing that JSON can't.
    Message::Text(serde_json::to_string(message).unwrap_or_default().into())
}

fn error_message(error: ApiError) -> Message {
    text(&ServerMessage::Error {
        error: error.into_body(),
    })
}
