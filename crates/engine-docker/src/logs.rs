//! What a sandbox's program has put out, from the daemon's log.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;

use bytes::{Bytes, BytesMut};
use ctnr_engine::{ExecOutput, LogEntry, LogQuery, OutputStream, Result, Stream};
use ctnr_model::SandboxId;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use tokio_util::codec::FramedRead;
use tokio_util::io::StreamReader;

use crate::engine::Shared;
use crate::exec::Frames;
use crate::failure;

const DOING: &str = "reading the sandbox's log";
/// The daemon's timestamp and the space behind it are shorter than this.
const MAX_STAMP: usize = 64;

impl Shared {
    /// A sandbox's log.
    pub(crate) async fn logs(
        &self,
        id: &SandboxId,
        query: &LogQuery,
    ) -> Result<Stream<Result<LogEntry>>> {
        if !query.stdout && !query.stderr {
            return Ok(futures::stream::empty().boxed());
        }
        let container = self.sandboxes.container(id).await?;
        let path = path(&container, query);
        let answer = self
            .daemon
            .raw_call(DOING, self.daemon.raw().get(DOING, &path))
            .await;
        let body = self.gone(id, answer)?.bytes(DOING);
        let reader = StreamReader::new(body.map_err(io::Error::other));
        let (since, until) = (query.since, query.until);
        let mut lines = Lines::default();
        let entries = FramedRead::new(reader, Frames::split())
            .map(move |output| match output {
                Ok(output) => lines.push(output).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(failure::unreachable(DOING, error))],
            })
            .flat_map(futures::stream::iter)
            .try_filter(move |entry: &LogEntry| {
                let wanted = since.is_none_or(|since| entry.time >= since)
                    && until.is_none_or(|until| entry.time < until);
                futures::future::ready(wanted)
            });
        Ok(entries.boxed())
    }
}

fn path(container: &str, query: &LogQuery) -> String {
    let mut path = format!(
        "/containers/{container}/logs?timestamps=1&stdout={}&stderr={}&follow={}",
        u8::from(query.stdout),
        u8::from(query.stderr),
        u8::from(query.follow),
    );
    // Writing to a String can't fail.
    if let Some(tail) = query.tail {
        let _ = write!(path, "&tail={tail}");
    }
    // Whole seconds on the safe side; the exact moments are compared here.
    if let Some(since) = query.since {
        let _ = write!(path, "&since={}", since.as_second().max(0));
    }
    if let Some(until) = query.until {
        let _ = write!(
            path,
            "&until={}",
            until.as_second().saturating_add(1).max(1)
        );
    }
    path
}

/// Puts the pieces of frames together to lines, each of which begins with its timestamp.
#[derive(Debug, Default)]
struct Lines {
    stdout: Line,
    stderr: Line,
}

/// The line of one stream that is being read.
#[derive(Debug, Default)]
struct Line {
    /// Bytes that may be the beginning of a timestamp.
    head: BytesMut,
    /// When the line that goes on was put out.
    time: Option<Timestamp>,
}

impl Lines {
    fn push(&mut self, output: ExecOutput) -> VecDeque<LogEntry> {
        let line = match output.stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        let mut entries = VecDeque::new();
        let mut data = output.data;
        while !data.is_empty() {
            if let Some(time) = line.time {
                let end = data.iter().position(|byte| *byte == b'\n');
                let rest = data.split_off(end.map_or(data.len(), |end| end + 1));
                if end.is_some() {
                    line.time = None;
                }
                entries.push_back(LogEntry {
                    time,
                    stream: output.stream,
                    data,
                });
                data = rest;
            } else {
                line.head.extend_from_slice(&data);
                data = Bytes::new();
                if let Some((time, length)) = stamp(&line.head) {
                    let mut whole = std::mem::take(&mut line.head);
                    data = whole.split_off(length).freeze();
                    line.time = Some(time);
                } else if line.head.len() > MAX_STAMP {
                    // The daemon writes none; the line is told with the epoch.
                    line.time = Some(Timestamp::UNIX_EPOCH);
                    data = std::mem::take(&mut line.head).freeze();
                }
            }
        }
        entries
    }
}

/// The timestamp that `bytes` begin with, and its length with the space.
fn stamp(bytes: &[u8]) -> Option<(Timestamp, usize)> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let text = std::str::from_utf8(&bytes[..space]).ok()?;
    Some((text.parse().ok()?, space + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(text: &str) -> ExecOutput {
        ExecOutput {
            stream: OutputStream::Stdout,
            data: Bytes::copy_from_slice(text.as_bytes()),
        }
    }

    fn read(pieces: &[&str]) -> Vec<(i64, String)> {
        let mut lines = Lines::default();
        pieces
            .iter()
            .flat_map(|piece| lines.push(output(piece)))
            .map(|entry| {
                let text = String::from_utf8(entry.data.to_vec()).unwrap();
                (entry.time.as_second(), text)
            })
            .collect()
    }

    #[test]
    fn lines_lose_their_timestamps() {
        let log = "1970-01-01T00:00:01.5Z one\n1970-01-01T00:00:02Z \n1970-01-01T00:00:03Z a b\n";
        let expected = [(1, "one\n"), (2, "\n"), (3, "a b\n")];
        for cut in [1, 10, 22, 26, 30] {
            let whole: Vec<(i64, String)> = {
                let read = read(&[&log[..cut], &log[cut..]]);
                // A line that came in two pieces is told in two entries of one time.
                read.into_iter().fold(Vec::new(), |mut all, (time, text)| {
                    match all.last_mut() {
                        Some((last, whole)) if *last == time => whole.push_str(&text),
                        _ => all.push((time, text)),
                    }
                    all
                })
            };
            let expected = expected.map(|(time, text)| (time, text.to_owned()));
            assert_eq!(whole, expected, "cut at {cut}");
        }
    }

    #[test]
    fn queries_become_paths() {
        let query = LogQuery {
            tail: Some(5),
            since: Some(Timestamp::from_millisecond(1_500).unwrap()),
            until: Some(Timestamp::from_millisecond(2_500).unwrap()),
            stderr: false,
            ..LogQuery::default()
        };
        assert_eq!(
            path("abc", &query),
            "/containers/abc/logs?timestamps=1&stdout=1&stderr=0&follow=0&tail=5&since=1&until=3"
        );
    }
}
