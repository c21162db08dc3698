//! `ctnr sandbox logs`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ctnr_api::{LogFrame, LogsQuery, OutputStream, Tail, TextEncoding};
use ctnr_model::Invalid;
use futures::TryStreamExt;

use super::OneSandbox;
use crate::context::Context;
use crate::error::{About, CliError, Result};

/// Show what a sandbox's program has put out
///
/// Its standard output goes to standard output and its standard error to standard error, also
/// after it has ended.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox logs -f --tail 20 web
  ctnr sandbox logs --since 10m -t web
  ctnr sandbox logs web 2>/dev/null
  ctnr sandbox logs --json web | jq -r .data")]
pub(crate) struct Args {
    /// Go on with what comes, until the program ends
    #[arg(long, short = 'f')]
    follow: bool,
    /// Only the last so many lines of what is there
    #[arg(long, short = 'n', value_name = "NUMBER|all", default_value = "all", hide_default_value = true, value_parser = tail)]
    tail: Tail,
    /// Only from this moment on: 2026-01-31T12:00:00Z, seconds since 1970, or how long ago (10m)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only up to this moment
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Begin each line with its time
    #[arg(long, short = 't')]
    timestamps: bool,
    #[command(flatten)]
    which: OneSandbox,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let sandbox = &args.which.sandbox;
    let query = LogsQuery {
        follow: args.follow,
        tail: args.tail,
        since: args.since,
        until: args.until,
        timestamps: args.timestamps,
        ..LogsQuery::default()
    };
    if context.output.json {
        let mut frames = context
            .client
            .logs(sandbox, &query)
            .await
            .about(sandbox.as_str())?;
        while let Some(frame) = frames.try_next().await? {
            context.output.record(frame.json())?;
        }
        return Ok(());
    }
    // The bytes as they were put out: as text, a character that was written in two halves would
    // be lost.
    let query = LogsQuery {
        encoding: TextEncoding::Base64,
        ..query
    };
    let mut frames = context
        .client
        .logs(sandbox, &query)
        .await
        .about(sandbox.as_str())?;
    let mut writer = Writer::new(args.timestamps);
    while let Some(frame) = frames.try_next().await? {
        writer.write(&frame, context)?;
    }
    Ok(())
}

/// Writes each stream to its own.
struct Writer {
    timestamps: bool,
    /// Whether a stream stands within a line, which has had its time.
    is_within: [bool; 2],
}

impl Writer {
    fn new(timestamps: bool) -> Self {
        Self {
            timestamps,
            is_within: [false; 2],
        }
    }

    fn write(&mut self, frame: &LogFrame, context: &Context) -> Result<()> {
        let is_error = frame.stream == OutputStream::Stderr;
        let is_within = &mut self.is_within[usize::from(is_error)];
        let data = BASE64.decode(&frame.data).map_err(|error| {
            CliError::Usage(format!("the backend's answer can't be read: {error}"))
        })?;
        let mut bytes = Vec::with_capacity(data.len() + 32);
        if self.timestamps && !*is_within {
            bytes.extend_from_slice(format!("{:.9} ", frame.time).as_bytes());
        }
        *is_within = !data.ends_with(b"\n");
        bytes.extend_from_slice(&data);
        if is_error {
            context.output.error_bytes(&bytes)
        } else {
            context.output.bytes(&bytes)
        }
    }
}

fn tail(text: &str) -> std::result::Result<Tail, Invalid> {
    match text {
        "all" => Ok(Tail::All),
        text => text
            .parse()
            .map(Tail::Lines)
            .map_err(|_| Invalid::new("number of lines", text, "expected a number or all")),
    }
}
