//! Logs of sandboxes and containers on this program's own streams.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ctnr_api::{LogFrame, LogsQuery, OutputStream, Tail, TextEncoding};
use ctnr_client::{Answer, Stream};
use ctnr_model::Invalid;
use futures::TryStreamExt;

use crate::context::Context;
use crate::error::{CliError, Result};

/// Which part of a log, and how it is shown.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LogArgs {
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
}

impl LogArgs {
    /// What is asked of the API.
    pub(crate) fn query(&self, context: &Context) -> LogsQuery {
        LogsQuery {
            follow: self.follow,
            tail: self.tail,
            since: self.since.clone(),
            until: self.until.clone(),
            timestamps: self.timestamps,
            // The bytes as they were put out: as text, a character that was written in two halves
            // would be lost.
            encoding: if context.output.json {
                TextEncoding::default()
            } else {
                TextEncoding::Base64
            },
            ..LogsQuery::default()
        }
    }

    /// Shows the log to its end.
    pub(crate) async fn show(
        &self,
        mut frames: Stream<Answer<LogFrame>>,
        context: &Context,
    ) -> Result<()> {
        let mut writer = Writer::new(self.timestamps);
        while let Some(frame) = frames.try_next().await? {
            if context.output.json {
                context.output.record(frame.json())?;
            } else {
                writer.write(&frame, context)?;
            }
        }
        Ok(())
    }
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
