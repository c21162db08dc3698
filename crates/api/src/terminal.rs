//! Commands over a WebSocket.
//!
//! ```text
//!  client ──▶ server   text     ClientMessage as JSON; `start` first where the query has no cmd,
//!                               `program` where that of a container says so
//!                      binary   bytes for the command's standard input
//!  server ──▶ client   binary   STDOUT_FRAME or STDERR_FRAME, then bytes of that stream
//!                      text     ServerMessage as JSON; `exit` or `error` is the last
//! ```

use ctnr_model::{ContainerPath, EnvVar, UserSpec};
use serde::{Deserialize, Serialize};

use crate::ContainerTerminalQuery;
use crate::Signal;
use crate::flag::{flag, is_no};

/// The subprotocol of these sockets.
pub const ATTACH_PROTOCOL: &str = "ctnr.exec.v1";

/// A browser can't set `X-API-Key` on a WebSocket. It offers, beside [`ATTACH_PROTOCOL`], a
/// subprotocol of this prefix and the key in URL-safe base64 without padding.
pub const KEY_PROTOCOL_PREFIX: &str = "ctnr.key.";

/// The first byte of a binary frame with standard output, or with what a terminal shows.
pub const STDOUT_FRAME: u8 = 1;

/// The first byte of a binary frame with standard error.
pub const STDERR_FRAME: u8 = 2;

/// The query of `GET /v1/sandboxes/{id}/exec/ws`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct TerminalQuery {
    /// The program, and given again, its arguments. Without it the first message is `start`, which
    /// has all of these fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// `NAME=value`; can be given several times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub env: Vec<EnvVar>,
    /// Instead of the sandbox's working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub workdir: Option<ContainerPath>,
    /// Instead of the sandbox's user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub user: Option<UserSpec>,
    /// Give the command a terminal.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub tty: bool,
    /// The terminal's characters a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<u16>,
    /// The terminal's lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u16>,
    /// Leave the command running when the socket is closed.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub detach: bool,
}

/// The query of `GET /v1/sandboxes/{id}/exec/{exec}/ws`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct TerminalAttachQuery {
    /// The terminal's characters a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<u16>,
    /// The terminal's lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u16>,
}

/// A text frame from the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// The command, where the query has none: what is in an address gets into logs.
    Start(Box<TerminalQuery>),
    /// The program of a container, where the query says `by_message`.
    Program(Box<ContainerTerminalQuery>),
    /// The terminal's size has changed.
    Resize {
        /// Characters a line.
        columns: u16,
        /// Lines.
        rows: u16,
    },
    /// Send a signal to the command.
    Signal {
        /// Which.
        signal: Signal,
    },
    /// Nothing more comes for standard input.
    CloseStdin,
}

/// A text frame from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ServerMessage {
    /// The command runs.
    Started {
        /// Its id.
        id: String,
    },
    /// It has ended, and all of its output has been sent.
    Exit {
        /// As shells give it.
        exit_code: i32,
        /// Whether the memory limit ended it.
        #[serde(default, skip_serializing_if = "is_no")]
        oom_killed: bool,
    },
    /// It could not be started, or the connection to it was lost.
    Error {
        /// What went wrong.
        error: crate::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_the_fields_of_the_query() {
        let text = r#"{"type":"program","entry":"7za","args":["l"],"env":["A=b"],"tty":true}"#;
        let message: ClientMessage = serde_json::from_str(text).unwrap();
        let ClientMessage::Program(program) = &message else {
            panic!("{message:?}");
        };
        assert_eq!(
            (program.entry.as_deref(), program.args.len(), program.tty),
            (Some("7za"), 1, true)
        );
        assert_eq!(serde_json::to_string(&message).unwrap(), text);
    }

    #[test]
    fn a_start_has_the_fields_of_the_query() {
        let text = r#"{"type":"start","cmd":["sh"],"env":["A=b"],"tty":true,"columns":100}"#;
        let message: ClientMessage = serde_json::from_str(text).unwrap();
        let ClientMessage::Start(start) = &message else {
            panic!("{message:?}");
        };
        assert_eq!(
            (start.cmd.len(), start.tty, start.columns),
            (1, true, Some(100))
        );
        let again = serde_json::to_string(&message).unwrap();
        assert_eq!(
            serde_json::from_str::<ClientMessage>(&again).unwrap(),
            message
        );
        for bad in [
            r#"{"type":"start","cmd":["sh"],"tyt":true}"#,
            r#"{"type":"resize","columns":1}"#,
            r#"{"type":"resize","columns":1,"rows":2,"depth":3}"#,
            r#"{"cmd":["sh"]}"#,
        ] {
            assert!(serde_json::from_str::<ClientMessage>(bad).is_err(), "{bad}");
        }
    }
}
