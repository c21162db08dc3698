//! Programs in containers.

use ctnr_model::EnvVar;
use serde::{Deserialize, Serialize};

use crate::flag::{flag, is_no};
use crate::{Env, TextEncoding};

/// `POST /api/containers/{id}/run`: an entry point to run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRequest {
    /// The entry point's name; the first one of the manifest where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Behind the entry point's own arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Added to the container's environment; the same name replaces.
    #[serde(skip_serializing_if = "Env::is_empty")]
    pub env: Env,
    /// Instead of the entry point's working directory, as Windows writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "C:\\Windows\\Temp"))]
    pub workdir: Option<String>,
    /// What the program reads from its standard input, in `encoding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Seconds after which the program is killed, above 0 and up to 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(exclusive_minimum = 0, maximum = 86400))]
    pub timeout: Option<f64>,
    /// How `stdin` and the output are written in JSON.
    #[serde(skip_serializing_if = "TextEncoding::is_default")]
    pub encoding: TextEncoding,
    /// Answer with lines of JSON (`application/x-ndjson`), each an `ExecFrame`, as the program
    /// puts out.
    #[serde(skip_serializing_if = "is_no")]
    pub stream: bool,
    /// Leave the program running and answer `201` with its id at once.
    #[serde(skip_serializing_if = "is_no")]
    pub detach: bool,
    /// Give a detached program a terminal, to be attached to later.
    #[serde(skip_serializing_if = "is_no")]
    pub tty: bool,
    /// Show the program's windows on the container's display, which is brought up for it. Left
    /// out, that is so for entry points of the kind `gui`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<bool>,
}

/// `POST /api/containers/{id}/exec`: a command line to run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"cmd": ["cmd", "/c", "ver"]})))]
pub struct ContainerExecRequest {
    /// The program, by its Windows path or by its name where it is found by that, and its
    /// arguments.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub cmd: Vec<String>,
    /// Added to the container's environment; the same name replaces.
    #[serde(skip_serializing_if = "Env::is_empty")]
    pub env: Env,
    /// The working directory, as Windows writes it; `C:\` where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "C:\\Windows\\Temp"))]
    pub workdir: Option<String>,
    /// What the program reads from its standard input, in `encoding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Seconds after which the program is killed, above 0 and up to 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(exclusive_minimum = 0, maximum = 86400))]
    pub timeout: Option<f64>,
    /// How `stdin` and the output are written in JSON.
    #[serde(skip_serializing_if = "TextEncoding::is_default")]
    pub encoding: TextEncoding,
    /// Answer with lines of JSON (`application/x-ndjson`), each an `ExecFrame`, as the program
    /// puts out.
    #[serde(skip_serializing_if = "is_no")]
    pub stream: bool,
    /// Leave the program running and answer `201` with its id at once.
    #[serde(skip_serializing_if = "is_no")]
    pub detach: bool,
    /// Give a detached program a terminal, to be attached to later.
    #[serde(skip_serializing_if = "is_no")]
    pub tty: bool,
    /// Show the program's windows on the container's display, which is brought up for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<bool>,
}

impl ContainerExecRequest {
    /// A command line with nothing else asked for.
    pub fn of(cmd: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            cmd: cmd.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// The query of `GET /api/containers/{id}/exec/ws`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ContainerTerminalQuery {
    /// The program and its arguments. Give it once for each word. Without it, the entry point.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// The entry point's name, instead of `cmd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// An argument behind the entry point's own. Give it once for each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The first message is `program`, which has all other fields: what is in an address gets into
    /// logs, and may not be long.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub by_message: bool,
    /// `NAME=value`; can be given several times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub env: Vec<EnvVar>,
    /// The working directory, as Windows writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// With a terminal.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub tty: bool,
    /// The terminal's width in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<u16>,
    /// The terminal's height in lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u16>,
    /// Show the program's windows on the container's display. Left out, that is so for entry
    /// points of the kind `gui`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<bool>,
}
