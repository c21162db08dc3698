//! What a sandbox's program has put out, from the daemon's log.

use std::fmt::Write as _;
use std::io;

use bytes::BytesMut;
use ctnr_engine::{ExecOutput, LogEntry, LogQuery, Result, Stream};
use ctnr_model::SandboxId;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use tokio_util::codec::FramedRead;
use tokio_util::io::StreamReader;

use crate::engine::Shared;
use crate::exec::{Frames, Piece};
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
        let mut stamped = Stamped::default();
        let entries = FramedRead::new(reader, Frames::split())
            .filter_map(move |piece| {
                futures::future::ready(match piece {
                    Ok(piece) => stamped.push(piece).map(Ok),
                    Err(error) => Some(Err(failure::unreachable(DOING, error))),
                })
            })
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

/// Takes the timestamps off the frames, each of which begins with one.
#[derive(Debug, Default)]
struct Stamped {
    /// The beginning of a frame whose timestamp has not come as a whole.
    head: BytesMut,
    /// The timestamp of the frame that goes on.
    time: Option<Timestamp>,
}

impl Stamped {
    /// The entry in a piece of a frame, if there is one.
    fn push(&mut self, piece: Piece) -> Option<LogEntry> {
        if piece.begins {
            self.time = None;
            self.head.clear();
        }
        let ExecOutput { stream, data } = piece.output;
        let (time, data) = match self.time {
            Some(time) => (time, data),
            None => {
                self.head.extend_from_slice(&data);
                let (time, length) = match stamp(&self.head) {
                    Some(found) => found,
                    None if self.head.len() < MAX_STAMP => return None,
                    // The daemon wrote none; what it wrote is told with the epoch.
                    None => (Timestamp::UNIX_EPOCH, 0),
                };
                self.time = Some(time);
                let mut whole = std::mem::take(&mut self.head);
                (time, whole.split_off(length).freeze())
            }
        };
        (!data.is_empty()).then_some(LogEntry { time, stream, data })
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
    use bytes::Bytes;
    use ctnr_engine::OutputStream;

    use super::*;

    fn piece(begins: bool, text: &str) -> Piece {
        Piece {
            begins,
            output: ExecOutput {
                stream: OutputStream::Stdout,
                data: Bytes::copy_from_slice(text.as_bytes()),
            },
        }
    }

    #[test]
    fn frames_lose_their_timestamps() {
        let frames = [
            ("1970-01-01T00:00:01.5Z one\n", (1, "one\n")),
            ("1970-01-01T00:00:02Z \n", (2, "\n")),
            ("1970-01-01T00:00:03Z a b", (3, "a b")),
            ("1970-01-01T00:00:04Z c\n", (4, "c\n")),
        ];
        for cut in [1, 10, 20, 21] {
            let mut stamped = Stamped::default();
            for (frame, (second, text)) in frames {
                let entries: Vec<LogEntry> =
                    [piece(true, &frame[..cut]), piece(false, &frame[cut..])]
                        .into_iter()
                        .filter_map(|piece| stamped.push(piece))
                        .collect();
                let bytes: Vec<u8> = entries
                    .iter()
                    .flat_map(|entry| entry.data.to_vec())
                    .collect();
                assert_eq!(bytes, text.as_bytes(), "cut at {cut}");
                assert!(entries.iter().all(|entry| entry.time.as_second() == second));
            }
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
