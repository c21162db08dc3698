//! A command over a WebSocket (RFC 6455), as `ctnr_api`'s terminal module describes it.

use bytes::Bytes;
use ctnr_api::{
    ATTACH_PROTOCOL, ClientMessage, ContainerTerminalQuery, OutputStream, STDERR_FRAME,
    ServerMessage, Signal, TerminalQuery,
};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use reqwest::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{StatusCode, Upgraded};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use crate::request::Request;
use crate::{ClientError, Result};

type Socket = WebSocketStream<Upgraded>;

/// Shakes hands over the ordinary HTTP client, so that TLS, key and errors are the same as
/// everywhere.
pub(crate) async fn open(request: Request) -> Result<(ExecInput, ExecOutput)> {
    let route = request.route().to_owned();
    let key = generate_key();
    let response = request
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_PROTOCOL, ATTACH_PROTOCOL)
        .header(SEC_WEBSOCKET_KEY, &key)
        .send()
        .await?;
    let accepted = response
        .headers()
        .get(SEC_WEBSOCKET_ACCEPT)
        .is_some_and(|accept| accept.as_bytes() == derive_accept_key(key.as_bytes()).as_bytes());
    if response.status() != StatusCode::SWITCHING_PROTOCOLS || !accepted {
        return Err(ClientError::NotTheApi {
            address: response.url().origin().ascii_serialization(),
            status: response.status().as_u16(),
        });
    }
    let stream = response
        .upgrade()
        .await
        .map_err(|error| lost(&route, crate::error::root_cause(&error)))?;
    let (sink, stream) = WebSocketStream::from_raw_socket(stream, Role::Client, None)
        .await
        .split();
    let input = ExecInput {
        sink,
        route: route.clone(),
    };
    Ok((input, ExecOutput { stream, route }))
}

fn lost(route: &str, reason: impl ToString) -> ClientError {
    ClientError::Lost {
        route: route.to_owned(),
        reason: reason.to_string(),
    }
}

/// What goes to the command.
#[derive(Debug)]
pub struct ExecInput {
    sink: SplitSink<Socket, Message>,
    route: String,
}

impl ExecInput {
    /// Names the command, as the first message.
    pub(crate) async fn start(&mut self, command: TerminalQuery) -> Result<()> {
        self.tell(&ClientMessage::Start(Box::new(command))).await
    }

    /// Names the program of a container, as the first message.
    pub(crate) async fn program(&mut self, program: ContainerTerminalQuery) -> Result<()> {
        self.tell(&ClientMessage::Program(Box::new(program))).await
    }

    /// Bytes for standard input, or typed at the terminal.
    ///
    /// # Errors
    /// [`ClientError::Lost`] where the connection is gone.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.send(Message::Binary(bytes)).await
    }

    /// Nothing more comes for standard input.
    ///
    /// # Errors
    /// As for [`ExecInput::write`].
    pub async fn close_stdin(&mut self) -> Result<()> {
        self.tell(&ClientMessage::CloseStdin).await
    }

    /// The terminal's size has changed.
    ///
    /// # Errors
    /// As for [`ExecInput::write`].
    pub async fn resize(&mut self, columns: u16, rows: u16) -> Result<()> {
        self.tell(&ClientMessage::Resize { columns, rows }).await
    }

    /// Sends the command a signal.
    ///
    /// # Errors
    /// As for [`ExecInput::write`].
    pub async fn signal(&mut self, signal: Signal) -> Result<()> {
        self.tell(&ClientMessage::Signal { signal }).await
    }

    /// Closes the connection; a command that is not detached is then ended.
    ///
    /// # Errors
    /// As for [`ExecInput::write`].
    pub async fn close(&mut self) -> Result<()> {
        self.send(Message::Close(None)).await
    }

    async fn tell(&mut self, message: &ClientMessage) -> Result<()> {
        let text = serde_json::to_string(message).map_err(|source| ClientError::Unreadable {
            route: self.route.clone(),
            source,
        })?;
        self.send(Message::text(text)).await
    }

    async fn send(&mut self, message: Message) -> Result<()> {
        self.sink
            .send(message)
            .await
            .map_err(|error| lost(&self.route, error))
    }
}

/// What comes from the command.
#[derive(Debug)]
pub struct ExecOutput {
    stream: SplitStream<Socket>,
    route: String,
}

/// One thing that comes from the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecMessage {
    /// It runs, under this id.
    Started(String),
    /// A piece of output.
    Output(OutputStream, Bytes),
    /// It has ended, and all of its output has been given.
    Exit {
        /// As shells give it.
        code: i32,
        /// Whether the memory limit ended it.
        oom_killed: bool,
    },
}

impl ExecOutput {
    /// Waits for the next thing. [`ExecMessage::Exit`] is the last one.
    ///
    /// # Errors
    /// [`ClientError::Refused`] where the command could not be started, and
    /// [`ClientError::Lost`] where the connection ends before the command does.
    pub async fn next(&mut self) -> Result<ExecMessage> {
        loop {
            let message = match self.stream.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Err(lost(&self.route, error)),
                None => return Err(lost(&self.route, "it was closed before the command ended")),
            };
            match message {
                Message::Binary(mut bytes) => {
                    if bytes.is_empty() {
                        continue;
                    }
                    let stream = match bytes.split_to(1)[0] {
                        STDERR_FRAME => OutputStream::Stderr,
                        _ => OutputStream::Stdout,
                    };
                    return Ok(ExecMessage::Output(stream, bytes));
                }
                Message::Text(text) => {
                    let message =
                        serde_json::from_str(&text).map_err(|source| ClientError::Unreadable {
                            route: self.route.clone(),
                            source,
                        })?;
                    return match message {
                        ServerMessage::Started { id } => Ok(ExecMessage::Started(id)),
                        ServerMessage::Exit {
                            exit_code,
                            oom_killed,
                        } => Ok(ExecMessage::Exit {
                            code: exit_code,
                            oom_killed,
                        }),
                        ServerMessage::Error { error } => Err(ClientError::Refused(error)),
                    };
                }
                Message::Close(_) => {
                    return Err(lost(&self.route, "it was closed before the command ended"));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}
