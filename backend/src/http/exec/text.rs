//! Output as text in JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ctnr_api::TextEncoding;

use crate::http::error::{ApiError, Result};

/// The bytes that a text of a request means.
pub(super) fn decode(encoding: TextEncoding, text: String) -> Result<Bytes> {
    match encoding {
        TextEncoding::Utf8 => Ok(text.into()),
        TextEncoding::Base64 => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|error| ApiError::bad_request(format!("stdin: not base64: {error}"))),
    }
}

/// All of an output as text.
pub(in crate::http) fn encode(encoding: TextEncoding, bytes: Vec<u8>) -> String {
    match encoding {
        TextEncoding::Base64 => STANDARD.encode(bytes),
        TextEncoding::Utf8 => String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// Turns pieces of one stream into texts: a character that is cut in two by a piece's end is held
/// back until the rest of it comes.
#[derive(Default)]
pub(super) struct Pieces {
    held: Vec<u8>,
}

impl Pieces {
    /// The text of the next piece; it may be empty.
    pub(super) fn next(&mut self, encoding: TextEncoding, piece: &[u8]) -> String {
        if encoding == TextEncoding::Base64 {
            return STANDARD.encode(piece);
        }
        self.held.extend_from_slice(piece);
        let whole = whole_characters(&self.held);
        let rest = self.held.split_off(whole);
        encode(encoding, std::mem::replace(&mut self.held, rest))
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self) -> String {
        encode(TextEncoding::Utf8, std::mem::take(&mut self.held))
    }
}

/// The number of bytes before a character that is begun at the end and may still be completed.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for at in (tail..bytes.len()).rev() {
        if bytes[at] & 0b1100_0000 != 0b1000_0000 {
            return match std::str::from_utf8(&bytes[at..]) {
                Err(error) if error.error_len().is_none() => at,
                _ => bytes.len(),
            };
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_cut() {
        let text = "a€é😀z".as_bytes();
        for size in 1..text.len() {
            let mut pieces = Pieces::default();
            let mut joined: String = text
                .chunks(size)
                .map(|piece| pieces.next(TextEncoding::Utf8, piece))
                .collect();
            joined.push_str(&pieces.finish());
            assert_eq!(joined, "a€é😀z", "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_text_is_shown_as_such() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.next(TextEncoding::Utf8, b"a\xffb"), "a\u{fffd}b");
        assert_eq!(pieces.next(TextEncoding::Utf8, b"\xe2\x82"), "");
        assert_eq!(pieces.finish(), "\u{fffd}");
        assert_eq!(pieces.next(TextEncoding::Base64, b"\xff"), "/w==");
    }
}
