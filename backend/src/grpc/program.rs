//! Programs whose input is sent while they run: a call as a WebSocket of REST.
//!
//! ```text
//!  ProgramInput   ──▶ feed ──▶ ┐            ┌ ──▶ standard input, terminal, signals
//!                              │ WebSocket  │
//!  ProgramOutput  ◀── next ◀── ┘            └ ◀── output, exit
//! ```

use axum::http::Method;
use bytes::Bytes;
use ctnr_api::{ErrorCode, STDERR_FRAME, STDOUT_FRAME, ServerMessage};
use ctnr_protocol::v1::program_input::Event as Input;
use ctnr_protocol::v1::program_opening::What;
use ctnr_protocol::v1::program_output::{Event as Output, Exit, Started};
use ctnr_protocol::v1::{ProgramInput, ProgramOpening, ProgramOutput};
use futures::future::BoxFuture;
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt, stream};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tonic::{Status, Streaming};

use super::asked::Asked;
use super::gateway::{Socket, lost, parse};
use super::pieces::split;
use super::status;
use super::streams::Messages;

/// What opens the WebSocket of a program, and what is said on it first.
///
/// # Errors
/// Where it is not said which program, or not in which container.
pub(super) fn opening(opening: ProgramOpening) -> Result<(Asked, Option<Message>), Status> {
    let size = opening.terminal;
    let mut program = json!({
        "type": "program",
        "env": opening.env.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
        "workdir": opening.workdir,
        "display": opening.display,
        "tty": size.is_some(),
        "columns": size.map(|size| size.columns),
        "rows": size.map(|size| size.rows),
    });
    match opening.what {
        Some(What::Attach(exec)) => {
            let asked = Asked::container(Method::GET, &opening.id, &["exec", exec.as_str(), "ws"])?
                .query("columns", size.map(|size| size.columns))
                .query("rows", size.map(|size| size.rows));
            return Ok((asked, None));
        }
        Some(What::Command(command)) if !command.cmd.is_empty() => {
            program["cmd"] = json!(command.cmd);
        }
        Some(What::Entry(entry)) => {
            program["entry"] = json!(entry.name);
            program["args"] = json!(entry.args);
        }
        Some(What::Command(_)) | None => {
            return Err(status::of(
                ErrorCode::BadRequest,
                "open: say what is run: entry, command (with a program) or attach",
            ));
        }
    }
    let asked = Asked::container(Method::GET, &opening.id, &["exec", "ws"])?
        .query("by_message", Some(true));
    Ok((asked, Some(text(&program))))
}

/// A program and its caller. Dropping it closes the socket.
struct Conversation {
    source: SplitStream<Socket>,
    /// Tells the program what its caller does. It ends where that is wrong only.
    feed: BoxFuture<'static, Status>,
    is_over: bool,
}

/// What a program does, while it is told what comes in `inputs`. `is_owned` says that the end of
/// those closes its standard input.
pub(super) fn converse(
    socket: Socket,
    inputs: Streaming<ProgramInput>,
    is_owned: bool,
) -> Messages<ProgramOutput> {
    let (sink, source) = socket.split();
    let conversation = Conversation {
        source,
        feed: feed(sink, inputs, is_owned).boxed(),
        is_over: false,
    };
    stream::unfold(conversation, |mut conversation| async move {
        let output = conversation.next().await?;
        Some((output, conversation))
    })
    .boxed()
}

impl Conversation {
    async fn next(&mut self) -> Option<Result<ProgramOutput, Status>> {
        if self.is_over {
            return None;
        }
        let event = tokio::select! {
            status = &mut self.feed => Err(status),
            event = heard(&mut self.source) => event,
        };
        self.is_over = matches!(event, Err(_) | Ok(Output::Exit(_)));
        Some(event.map(|event| ProgramOutput { event: Some(event) }))
    }
}

/// The next thing that the server says of a program. A call that is dropped loses nothing.
async fn heard(source: &mut SplitStream<Socket>) -> Result<Output, Status> {
    loop {
        match source.next().await {
            Some(Ok(Message::Binary(frame))) => return output(frame),
            Some(Ok(Message::Text(message))) => return said(parse(message.as_bytes())?),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_))) | None => {
                return Err(lost("the connection to the program was closed"));
            }
            Some(Err(error)) => return Err(lost(error)),
        }
    }
}

fn output(mut frame: Bytes) -> Result<Output, Status> {
    let data = frame.split_off(frame.len().min(1));
    match frame.first() {
        Some(&STDOUT_FRAME) => Ok(Output::Stdout(data)),
        Some(&STDERR_FRAME) => Ok(Output::Stderr(data)),
        _ => Err(lost("a frame is of no known stream")),
    }
}

fn said(message: ServerMessage) -> Result<Output, Status> {
    match message {
        ServerMessage::Started { id } => Ok(Output::Started(Started { exec_id: id })),
        ServerMessage::Exit {
            exit_code,
            oom_killed,
        } => Ok(Output::Exit(Exit {
            exit_code,
            timed_out: false,
            oom_killed,
        })),
        ServerMessage::Error { error } => Err(status::status(error, Default::default())),
    }
}

/// Tells a program what its caller does. The error is one of the caller; a program that takes
/// nothing more says by itself that it has ended.
async fn feed(
    mut sink: SplitSink<Socket, Message>,
    mut inputs: Streaming<ProgramInput>,
    is_owned: bool,
) -> Status {
    let end = loop {
        let messages = match inputs.next().await {
            Some(Ok(ProgramInput { event })) => match messages(event) {
                Ok(messages) => messages,
                Err(status) => return status,
            },
            Some(Err(status)) => return status,
            None => break is_owned.then(|| text(&json!({ "type": "close_stdin" }))),
        };
        for message in messages {
            if sink.send(message).await.is_err() {
                return std::future::pending().await;
            }
        }
    };
    if let Some(end) = end {
        // A program that has ended needs no end of its input.
        let _ = sink.send(end).await;
    }
    std::future::pending().await
}

/// What the socket carries of an input.
fn messages(event: Option<Input>) -> Result<Vec<Message>, Status> {
    Ok(match event {
        Some(Input::Stdin(data)) => split(data).map(Message::Binary).collect(),
        Some(Input::Resize(size)) => vec![text(&json!({
            "type": "resize",
            "columns": size.columns,
            "rows": size.rows,
        }))],
        Some(Input::Signal(signal)) => {
            vec![text(&json!({ "type": "signal", "signal": signal }))]
        }
        Some(Input::EndStdin(_)) => vec![text(&json!({ "type": "close_stdin" }))],
        Some(Input::Open(_)) | None => {
            return Err(status::of(
                ErrorCode::BadRequest,
                "each message behind open has to be stdin, resize, signal or end_stdin",
            ));
        }
    })
}

fn text(message: &Value) -> Message {
    Message::text(message.to_string())
}
