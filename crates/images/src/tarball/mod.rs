//! Reading tar streams of strangers.
//!
//! Layers need what common readers leave out: extended attributes with any bytes in them, and
//! GNU's four ways to write sparse files. Headers are bounded in size, numbers and names are
//! checked, and nothing is held but the header at hand.

mod entry;
mod pax;
mod reader;
mod sparse;

pub(crate) use entry::{Entry, Kind};
pub(crate) use reader::TarReader;

use std::io;

/// The unit of a tar.
const BLOCK: usize = 512;

/// A tar that is not well-formed.
fn malformed(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

#[cfg(test)]
mod tests;
