//! Reading the records of one log file.

use std::fs::File;
use std::io::{self, BufReader, Read};

use bytes::Bytes;
use ctnr_engine::LogEntry;
use jiff::Timestamp;

use super::record::{HEAD, Head};

/// Reads records in order, and stops at the end of what is written whole; a later call goes on.
pub(super) struct LogReader {
    file: BufReader<File>,
    /// The start of a record that was not whole yet.
    partial: Vec<u8>,
}

impl LogReader {
    pub(super) fn new(file: File) -> Self {
        Self {
            file: BufReader::with_capacity(64 * 1024, file),
            partial: Vec::new(),
        }
    }

    /// The next record, or `None` where there is none yet.
    pub(super) fn next(&mut self) -> io::Result<Option<LogEntry>> {
        if !self.fill(HEAD)? {
            return Ok(None);
        }
        let head = self
            .partial
            .first_chunk::<HEAD>()
            .and_then(|bytes| Head::from_bytes(*bytes));
        let Some(head) = head else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the log is damaged here",
            ));
        };
        if !self.fill(HEAD + head.len)? {
            return Ok(None);
        }
        let data = Bytes::copy_from_slice(&self.partial[HEAD..]);
        self.partial.clear();
        let time = Timestamp::from_nanosecond(i128::from(head.nanoseconds))
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Some(LogEntry {
            time,
            stream: head.stream,
            data,
        }))
    }

    /// Reads until `partial` holds `wanted` bytes; false where the file ends before.
    fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        let missing = wanted.saturating_sub(self.partial.len());
        if missing > 0 {
            self.file
                .by_ref()
                .take(missing as u64)
                .read_to_end(&mut self.partial)?;
        }
        Ok(self.partial.len() >= wanted)
    }
}
