//! The form of a log file: a row of records.
//!
//! A record is its time as eight little-endian bytes (nanoseconds since 1970), the length of its
//! data as four, its stream as one (1 or 2), and the data.

use ctnr_engine::OutputStream;

/// The bytes before a record's data.
pub(super) const HEAD: usize = 13;

/// The most data in a record.
pub(super) const MAX_DATA: usize = 64 * 1024;

/// What stands before a record's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) nanoseconds: u64,
    pub(super) len: usize,
    pub(super) stream: OutputStream,
}

impl Head {
    /// The bytes of a head; data past [`MAX_DATA`] is the caller's mistake and is cut.
    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&self.nanoseconds.to_le_bytes());
        let len = u32::try_from(self.len.min(MAX_DATA)).unwrap_or(0);
        bytes[8..12].copy_from_slice(&len.to_le_bytes());
        bytes[12] = match self.stream {
            OutputStream::Stdout => 1,
            OutputStream::Stderr => 2,
        };
        bytes
    }

    /// Reads a head; `None` where the bytes are none, and the rest of the file is not to be read.
    pub(super) fn from_bytes(bytes: [u8; HEAD]) -> Option<Self> {
        let (time, rest) = bytes.split_first_chunk::<8>()?;
        let (len, stream) = rest.split_first_chunk::<4>()?;
        let len = u32::from_le_bytes(*len) as usize;
        let stream = match stream {
            [1] => OutputStream::Stdout,
            [2] => OutputStream::Stderr,
            _ => return None,
        };
        (len <= MAX_DATA).then_some(Self {
            nanoseconds: u64::from_le_bytes(*time),
            len,
            stream,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_round_trip_and_garbage_is_refused() {
        let head = Head {
            nanoseconds: 1_234_567_890_123,
            len: 65_536,
            stream: OutputStream::Stderr,
        };
        assert_eq!(Head::from_bytes(head.to_bytes()), Some(head));
        assert_eq!(Head::from_bytes([0; HEAD]), None);
        assert_eq!(Head::from_bytes([255; HEAD]), None);
    }
}
