//! Commands in running sandboxes.

use ctnr_model::{ContainerPath, UserSpec};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::flag::is_no;
use crate::{Env, Signal};

/// `POST /v1/sandboxes/{id}/exec`: a command to run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"cmd": ["ls", "/app/src"]})))]
pub struct ExecRequest {
    /// The program and its arguments.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub cmd: Vec<String>,
    /// Added to the sandbox's environment; the same name replaces.
    #[serde(default, skip_serializing_if = "Env::is_empty")]
    pub env: Env,
    /// Instead of the sandbox's working directory; absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "/tmp"))]
    pub workdir: Option<ContainerPath>,
    /// Instead of the sandbox's user: `name`, `uid`, `name:group` or `uid:gid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "1000:1000"))]
    pub user: Option<UserSpec>,
    /// What the command reads from its standard input, in `encoding`. Without it the command
    /// reads an end of file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Seconds after which the command is killed, above 0 and up to 86400. The answer then has
    /// `timed_out` and what was put out until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(exclusive_minimum = 0, maximum = 86400))]
    pub timeout: Option<f64>,
    /// How `stdin` and the output are written in JSON.
    #[serde(default, skip_serializing_if = "TextEncoding::is_default")]
    pub encoding: TextEncoding,
    /// Answer with lines of JSON (`application/x-ndjson`), each an `ExecFrame`, as the command
    /// puts out. `Accept: application/x-ndjson` does the same.
    #[serde(default, skip_serializing_if = "is_no")]
    pub stream: bool,
    /// Leave the command running and answer `201` with its id at once. Excludes `stdin`,
    /// `timeout` and `stream`.
    #[serde(default, skip_serializing_if = "is_no")]
    pub detach: bool,
    /// Give a detached command a terminal, to be attached to later.
    #[serde(default, skip_serializing_if = "is_no")]
    pub tty: bool,
}

/// How bytes are written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = "utf-8"))]
pub enum TextEncoding {
    /// As text; what is not UTF-8 becomes U+FFFD.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// As base64 (RFC 4648, section 4).
    #[serde(rename = "base64")]
    Base64,
}

impl TextEncoding {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::Utf8
    }
}

/// `200` of `POST /v1/sandboxes/{id}/exec`: the command has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "output": "app\n", "stdout": "app\n", "stderr": "", "exit_code": 0
})))]
pub struct ExecResult {
    /// Both streams as they came.
    pub output: String,
    /// Standard output alone.
    pub stdout: String,
    /// Standard error alone.
    pub stderr: String,
    /// The exit code as shells give it: 127 for a command that does not exist, 126 for one that
    /// can't be run, 128 and the signal's number for one that a signal ended, 124 after `timeout`.
    pub exit_code: i32,
    /// Whether the output was longer than what is kept (16 MiB): the rest is left out. Stream
    /// the output, or write it to a file, to have all of it.
    #[serde(default, skip_serializing_if = "is_no")]
    pub truncated: bool,
    /// Whether the command was killed after `timeout`.
    #[serde(default, skip_serializing_if = "is_no")]
    pub timed_out: bool,
    /// Whether the memory limit ended it.
    #[serde(default, skip_serializing_if = "is_no")]
    pub oom_killed: bool,
}

/// A line of a streamed command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ExecFrame {
    /// The first line: the command runs.
    Started {
        /// Its id.
        id: String,
    },
    /// A piece of output.
    Output {
        /// Which stream.
        stream: OutputStream,
        /// The piece, in the request's encoding.
        data: String,
    },
    /// The last line: the command has ended.
    Exit {
        /// As in `ExecResult`.
        exit_code: i32,
        /// Whether it was killed after `timeout`.
        #[serde(default, skip_serializing_if = "is_no")]
        timed_out: bool,
        /// Whether the memory limit ended it.
        #[serde(default, skip_serializing_if = "is_no")]
        oom_killed: bool,
    },
    /// The last line instead of `exit`: the connection to the command was lost.
    Error {
        /// What went wrong.
        error: crate::Error,
    },
}

/// Which of its streams a program wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OutputStream {
    /// Standard output, or the terminal.
    Stdout,
    /// Standard error.
    Stderr,
}

/// `201` of a detached command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecStarted {
    /// Its id.
    pub id: String,
}

/// The detached commands of a sandbox since it was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecList {
    /// The commands, the ended ones too.
    pub execs: Vec<ExecInfo>,
}

/// A detached command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecInfo {
    /// Its id.
    pub id: String,
    /// The program and its arguments.
    pub cmd: Vec<String>,
    /// Whether it has a terminal.
    pub tty: bool,
    /// Whether it runs.
    pub state: ExecState,
    /// Its process id on the host while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// When it was started.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

/// Whether a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ExecState {
    /// It runs.
    Running,
    /// It ended.
    Exited,
}

/// `POST /v1/sandboxes/{id}/exec/{exec}/signal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignalRequest {
    /// The signal, sent to the command and its children in its process group.
    pub signal: Signal,
}

/// `POST /v1/sandboxes/{id}/exec/{exec}/resize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResizeRequest {
    /// Characters a line.
    #[cfg_attr(feature = "openapi", schema(example = 120))]
    pub columns: u16,
    /// Lines.
    #[cfg_attr(feature = "openapi", schema(example = 40))]
    pub rows: u16,
}
