//! The end of a command's output, kept for those who attach later.

use std::collections::VecDeque;

use ctnr_engine::OutputStream;

/// How much output of a command is kept, in bytes.
const KEPT: usize = 256 * 1024;

/// Pieces of output, numbered in order.
#[derive(Default)]
pub(super) struct Backlog {
    pieces: VecDeque<(OutputStream, Vec<u8>)>,
    /// The number of the first piece that is kept.
    first: u64,
    bytes: usize,
}

impl Backlog {
    /// Adds a piece, and drops the oldest ones past what is kept.
    pub(super) fn push(&mut self, stream: OutputStream, data: Vec<u8>) {
        self.bytes += data.len();
        self.pieces.push_back((stream, data));
        while self.bytes > KEPT && self.pieces.len() > 1 {
            if let Some((_, dropped)) = self.pieces.pop_front() {
                self.bytes -= dropped.len();
                self.first += 1;
            }
        }
    }

    /// The piece of this number, or the oldest one where it is gone, and the number after it.
    pub(super) fn get(&self, number: u64) -> Option<(u64, OutputStream, &[u8])> {
        let number = number.max(self.first);
        let at = usize::try_from(number - self.first).ok()?;
        let (stream, data) = self.pieces.get(at)?;
        Some((number + 1, *stream, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut backlog = Backlog::default();
        for byte in 0..10 {
            backlog.push(OutputStream::Stdout, vec![byte; KEPT / 4]);
        }
        let (next, _, data) = backlog.get(0).unwrap();
        assert_eq!((next, data[0]), (7, 6));
        assert_eq!(backlog.get(9).unwrap().2[0], 9);
        assert!(backlog.get(10).is_none());
    }
}
