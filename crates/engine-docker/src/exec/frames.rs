//! The daemon's framing of two output streams on one connection (Docker Engine API, "Attach to a
//! container", "Stream format"): a byte for the stream, three zeros, four bytes of length.

use std::io;

use bytes::{Buf, BytesMut};
use ctnr_engine::{ExecOutput, OutputStream};
use tokio_util::codec::Decoder;

const HEADER: usize = 8;
/// The longest piece that is handed on at once.
const LONGEST: usize = 32 * 1024;

/// A frame, or a piece of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) output: ExecOutput,
    /// Whether a frame begins with it.
    pub(crate) begins: bool,
}

/// Takes the frames apart. A long frame comes in pieces, so that none is held as a whole.
#[derive(Debug)]
pub(crate) struct Frames {
    stream: OutputStream,
    /// Bytes of the current frame that have not come.
    left: usize,
    /// Whether some of the current frame has been handed on.
    begun: bool,
    /// A terminal's connection has no frames.
    raw: bool,
}

impl Frames {
    /// For pipes.
    pub(crate) fn split() -> Self {
        Self {
            stream: OutputStream::Stdout,
            left: 0,
            begun: false,
            raw: false,
        }
    }

    /// For a terminal: what comes is output, whatever it looks like.
    pub(crate) fn terminal() -> Self {
        Self {
            raw: true,
            ..Self::split()
        }
    }
}

impl Decoder for Frames {
    type Item = Piece;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Piece>> {
        if self.raw {
            self.left = bytes.len();
        }
        while self.left == 0 && !self.raw {
            if bytes.len() < HEADER {
                return Ok(None);
            }
            self.stream = match bytes[..4] {
                [0 | 1, 0, 0, 0] => OutputStream::Stdout,
                // 3 is what the daemon itself has to say.
                [2 | 3, 0, 0, 0] => OutputStream::Stderr,
                _ => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "the daemon's output has no frame where one should be",
                    ));
                }
            };
            bytes.advance(4);
            self.left = bytes.get_u32() as usize;
            self.begun = false;
        }
        let length = self.left.min(bytes.len()).min(LONGEST);
        if length == 0 {
            return Ok(None);
        }
        self.left -= length;
        Ok(Some(Piece {
            begins: !std::mem::replace(&mut self.begun, true),
            output: ExecOutput {
                stream: self.stream,
                data: bytes.split_to(length).freeze(),
            },
        }))
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Piece>> {
        match self.decode(bytes)? {
            Some(piece) => Ok(Some(piece)),
            // The rest of a header whose frame never came.
            None => {
                bytes.clear();
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(stream: u8, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&[stream, 0, 0, 0], &length[..], data].concat()
    }

    /// All output, with the bytes given `step` at a time.
    fn decode(mut frames: Frames, bytes: &[u8], step: usize) -> Vec<(OutputStream, Vec<u8>)> {
        let mut buffer = BytesMut::new();
        let mut outputs: Vec<(OutputStream, Vec<u8>)> = Vec::new();
        for piece in bytes.chunks(step) {
            buffer.extend_from_slice(piece);
            while let Some(Piece { output, .. }) = frames.decode(&mut buffer).unwrap() {
                match outputs.last_mut() {
                    Some((stream, data)) if *stream == output.stream => {
                        data.extend_from_slice(&output.data);
                    }
                    _ => outputs.push((output.stream, output.data.to_vec())),
                }
            }
        }
        outputs
    }

    #[test]
    fn frames_come_apart_wherever_they_are_cut() {
        let bytes = [
            frame(1, b"out"),
            frame(1, b""),
            frame(2, b"error"),
            frame(1, b"\x01\x02"),
        ]
        .concat();
        for step in [1, 3, 8, 100] {
            assert_eq!(
                decode(Frames::split(), &bytes, step),
                [
                    (OutputStream::Stdout, b"out".to_vec()),
                    (OutputStream::Stderr, b"error".to_vec()),
                    (OutputStream::Stdout, b"\x01\x02".to_vec()),
                ]
            );
        }
    }

    #[test]
    fn a_terminals_bytes_are_no_frames() {
        let hostile = frame(1, b"x").repeat(3);
        for step in [1, 7, 100] {
            assert_eq!(
                decode(Frames::terminal(), &hostile, step),
                [(OutputStream::Stdout, hostile.clone())]
            );
        }
    }

    #[test]
    fn long_frames_come_in_pieces() {
        let mut buffer = BytesMut::from(&frame(1, &vec![7; 100_000])[..]);
        let mut frames = Frames::split();
        let mut pieces = Vec::new();
        while let Some(piece) = frames.decode(&mut buffer).unwrap() {
            pieces.push((piece.begins, piece.output.data.len()));
        }
        let rest = 100_000 - 3 * LONGEST;
        assert_eq!(
            pieces,
            [
                (true, LONGEST),
                (false, LONGEST),
                (false, LONGEST),
                (false, rest)
            ]
        );
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let mut buffer = BytesMut::from(&b"HTTP/1.1 500"[..]);
        assert!(Frames::split().decode(&mut buffer).is_err());
    }
}
