//! Messages between engine, launcher and supervisors: frames with descriptors over Unix sockets.
//!
//! A frame is its length as four little-endian bytes, the number of its descriptors as one, and then
//! as many bytes of `postcard`. Descriptors travel with a frame's first byte (`unix(7)`,
//! `SCM_RIGHTS`); the kernel may hand them out with the bytes of the frame before, hence the number.

mod channel;
mod frame;

pub(crate) use channel::{Channel, Receiver, Sender};
pub(crate) use frame::{recv, send};

use std::io;

/// The largest frame: Linux takes 2 MiB of arguments and environment at most, a quarter of the
/// stack limit (`execve(2)`), and nothing else in a frame is large.
pub(crate) const MAX_FRAME: usize = 8 * 1024 * 1024;

/// The most descriptors with one frame.
pub(crate) const MAX_FDS: usize = 8;

/// The bytes before a frame's message.
const HEAD: usize = 5;

/// Turns a message, sent with `fds` descriptors, into a frame's bytes.
pub(crate) fn encode<T: serde::Serialize>(message: &T, fds: usize) -> io::Result<Vec<u8>> {
    let mut bytes = postcard::to_extend(message, vec![0; HEAD])
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let len = bytes.len() - HEAD;
    let (Ok(len), Ok(fds), true) = (
        u32::try_from(len),
        u8::try_from(fds),
        len <= MAX_FRAME && fds <= MAX_FDS,
    ) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the command with its arguments and environment is too large",
        ));
    };
    bytes[..4].copy_from_slice(&len.to_le_bytes());
    bytes[4] = fds;
    Ok(bytes)
}

/// Turns a frame's bytes, without the length, back into a message.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The length of the message, and the number of descriptors, that a frame's first bytes give.
fn parse_head(head: [u8; HEAD]) -> io::Result<(usize, usize)> {
    let [a, b, c, d, fds] = head;
    let (len, fds) = (u32::from_le_bytes([a, b, c, d]) as usize, usize::from(fds));
    if len > MAX_FRAME || fds > MAX_FDS {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a frame is too long",
        ));
    }
    Ok((len, fds))
}
