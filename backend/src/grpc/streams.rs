//! Lines of JSON as streams of messages.

use std::pin::Pin;

use axum::body::Body;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ctnr_api::{ErrorCode, ExecFrame, LogFrame, OutputStream};
use ctnr_protocol::v1::program_output::{Event, Exit, Started};
use ctnr_protocol::v1::{LogRecord, ProgramOutput};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use tokio_util::codec::{FramedRead, LinesCodec};
use tokio_util::io::StreamReader;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::metadata::MetadataMap;

use super::convert;
use super::gateway::{lost, parse};
use super::status;

/// Messages, as they come.
pub(super) type Messages<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The longest line that is taken; a piece of output is far below it.
const MAX_LINE: usize = 16 << 20;

/// What each line of an answer is.
pub(super) fn lines<T: DeserializeOwned + Send + 'static>(answer: Response<Body>) -> Messages<T> {
    let body = answer.into_body().into_data_stream();
    let reader = StreamReader::new(body.map_err(std::io::Error::other));
    FramedRead::new(reader, LinesCodec::new_with_max_length(MAX_LINE))
        .map(|line| match line {
            Ok(line) => parse(line.as_bytes()),
            Err(error) => Err(lost(error)),
        })
        .boxed()
}

/// A stream that has no end of its own: where it ends, it says why.
pub(super) fn endless<T: Send + 'static>(
    messages: Messages<T>,
    stopping: CancellationToken,
) -> Messages<T> {
    let end = stream::once(async move {
        let why = if stopping.is_cancelled() {
            STOPS
        } else {
            "the stream broke off; go on from the last number seen"
        };
        Err(status::of(ErrorCode::Unavailable, why))
    });
    messages.chain(end).boxed()
}

/// A stream that ends by itself or with the server: where it is the server, it says so.
pub(super) fn until_stop<T: Send + 'static>(
    messages: Messages<T>,
    stopping: CancellationToken,
) -> Messages<T> {
    let end = stream::once(async move {
        let stops = || Err(status::of(ErrorCode::Unavailable, STOPS));
        stopping.is_cancelled().then(stops)
    });
    messages.chain(end.filter_map(std::future::ready)).boxed()
}

const STOPS: &str = "the server stops; call again, and go on from what was seen last";

/// What a program does.
pub(super) fn output(frame: ExecFrame) -> Result<ProgramOutput, Status> {
    let event = match frame {
        ExecFrame::Started { id } => Event::Started(Started { exec_id: id }),
        ExecFrame::Output { stream, data } => match stream {
            OutputStream::Stdout => Event::Stdout(decode(&data)?),
            OutputStream::Stderr => Event::Stderr(decode(&data)?),
        },
        ExecFrame::Exit {
            exit_code,
            timed_out,
            oom_killed,
        } => Event::Exit(Exit {
            exit_code,
            timed_out,
            oom_killed,
        }),
        ExecFrame::Error { error } => return Err(status::status(error, MetadataMap::new())),
    };
    Ok(ProgramOutput { event: Some(event) })
}

/// A piece of a log.
pub(super) fn record(frame: LogFrame) -> Result<LogRecord, Status> {
    Ok(LogRecord {
        time: Some(convert::time(frame.time)),
        stream: convert::word(&frame.stream),
        data: decode(&frame.data)?,
    })
}

/// What went through the lines as text because it may be anything.
fn decode(text: &str) -> Result<Bytes, Status> {
    STANDARD.decode(text).map(Bytes::from).map_err(|_| {
        status::of(
            ErrorCode::InternalError,
            "the server's own answer can't be read: output is no base64",
        )
    })
}

/// Standard input as it goes through JSON.
pub(super) fn encode(data: &[u8]) -> String {
    STANDARD.encode(data)
}
