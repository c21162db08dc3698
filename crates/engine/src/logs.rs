//! What a sandbox's program has put out.

use bytes::Bytes;
use jiff::Timestamp;

use crate::OutputStream;

/// Which part of a log is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// Whether to go on with what comes, until the program ends.
    pub follow: bool,
    /// Only the last so many lines of what is there.
    pub tail: Option<usize>,
    /// Only what was put out at or after this moment.
    pub since: Option<Timestamp>,
    /// Only what was put out before this moment.
    pub until: Option<Timestamp>,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self {
            follow: false,
            tail: None,
            since: None,
            until: None,
            stdout: true,
            stderr: true,
        }
    }
}

/// A piece of a log: at most a line, with its end of line where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When it was put out.
    pub time: Timestamp,
    /// The stream.
    pub stream: OutputStream,
    /// The bytes.
    pub data: Bytes,
}
