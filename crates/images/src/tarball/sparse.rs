//! Files with holes: GNU tar's old header, and its three PAX forms
//! (GNU tar manual, "Storing Sparse Files").

use std::io::{self, Read};

use tar::{GnuExtSparseHeader, GnuSparseHeader, Header};

use super::pax::{Records, decimal};
use super::{BLOCK, malformed};

/// The most pieces that a file may have.
const EXTENTS_MAX: usize = 1 << 18;

/// A piece of a file that is not a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Where it begins.
    pub(crate) offset: u64,
    /// How long it is.
    pub(crate) length: u64,
}

/// The length with holes, where the headers give one.
pub(super) fn real_size(header: &Header, pax: &Records) -> io::Result<Option<u64>> {
    if header.entry_type().is_gnu_sparse()
        && let Some(gnu) = header.as_gnu()
    {
        let size = gnu
            .real_size()
            .map_err(|_| malformed("a sparse size is not a number"))?;
        return Ok(Some(size));
    }
    Ok(match pax.number("GNU.sparse.realsize")? {
        Some(size) => Some(size),
        None => pax.number("GNU.sparse.size")?,
    })
}

/// Where the map of a sparse file stands.
pub(super) enum Form {
    /// In the header and, if it says so, in blocks behind it that do not count as data.
    Header,
    /// In PAX records; these are the pieces.
    Records(Vec<Extent>),
    /// At the start of the data.
    Data,
}

/// Which form a file has; none for one without holes.
pub(super) fn form(header: &Header, pax: &Records) -> io::Result<Option<Form>> {
    if header.entry_type().is_gnu_sparse() {
        return Ok(Some(Form::Header));
    }
    if pax.number("GNU.sparse.major")? == Some(1) {
        return Ok(Some(Form::Data));
    }
    let map: Vec<&[u8]> = match pax.get("GNU.sparse.map") {
        Some(map) => map.split(|byte| *byte == b',').collect(),
        None => pax
            .iter()
            .filter(|(key, _)| matches!(*key, b"GNU.sparse.offset" | b"GNU.sparse.numbytes"))
            .map(|(_, value)| value)
            .collect(),
    };
    if map.is_empty() {
        return Ok(None);
    }
    let numbers: Option<Vec<u64>> = map.into_iter().map(decimal).collect();
    let numbers = numbers.ok_or_else(|| malformed("a sparse map is not made of numbers"))?;
    if numbers.len() % 2 != 0 {
        return Err(malformed("a sparse map has an offset without a length"));
    }
    let extents = numbers.chunks_exact(2).map(|pair| Extent {
        offset: pair[0],
        length: pair[1],
    });
    Ok(Some(Form::Records(extents.collect())))
}

/// Reads the map in and behind an old GNU header.
pub(super) fn header_map(header: &Header, from: &mut impl Read) -> io::Result<Vec<Extent>> {
    let gnu = header
        .as_gnu()
        .ok_or_else(|| malformed("a sparse file has no GNU header"))?;
    let mut extents = Vec::new();
    add(&mut extents, &gnu.sparse)?;
    let mut extended = gnu.is_extended();
    while extended {
        let mut block = GnuExtSparseHeader::new();
        from.read_exact(block.as_mut_bytes())?;
        add(&mut extents, block.sparse())?;
        extended = block.is_extended();
    }
    Ok(extents)
}

fn add(extents: &mut Vec<Extent>, slots: &[GnuSparseHeader]) -> io::Result<()> {
    let bad = |_| malformed("a sparse map is not made of numbers");
    for slot in slots.iter().filter(|slot| !slot.is_empty()) {
        let (offset, length) = (slot.offset().map_err(bad)?, slot.length().map_err(bad)?);
        push(extents, Extent { offset, length })?;
    }
    Ok(())
}

fn push(extents: &mut Vec<Extent>, extent: Extent) -> io::Result<()> {
    if extents.len() == EXTENTS_MAX {
        return Err(malformed("a sparse map has too many pieces"));
    }
    extents.push(extent);
    Ok(())
}

/// Reads the map at the start of the data: a count, then offsets and lengths, each a decimal
/// number and a line feed, filled up to a block. Also gives the bytes it took.
pub(super) fn data_map(from: &mut impl Read, stored: u64) -> io::Result<(Vec<Extent>, u64)> {
    let mut numbers = Numbers {
        from,
        block: [0; BLOCK],
        at: BLOCK,
        taken: 0,
        stored,
    };
    let count = numbers.next()?;
    let mut extents = Vec::new();
    for _ in 0..count {
        push(
            &mut extents,
            Extent {
                offset: numbers.next()?,
                length: numbers.next()?,
            },
        )?;
    }
    Ok((extents, numbers.taken))
}

struct Numbers<'a, R> {
    from: &'a mut R,
    block: [u8; BLOCK],
    at: usize,
    taken: u64,
    stored: u64,
}

impl<R: Read> Numbers<'_, R> {
    fn next(&mut self) -> io::Result<u64> {
        let mut digits = Vec::new();
        loop {
            if self.at == self.block.len() {
                if self.taken + BLOCK as u64 > self.stored {
                    return Err(malformed("a sparse map does not end"));
                }
                self.from.read_exact(&mut self.block)?;
                self.taken += BLOCK as u64;
                self.at = 0;
            }
            let byte = self.block[self.at];
            self.at += 1;
            if byte == b'\n' {
                return decimal(&digits)
                    .ok_or_else(|| malformed("a sparse map is not made of numbers"));
            }
            if digits.len() == 20 {
                return Err(malformed("a number of a sparse map is too long"));
            }
            digits.push(byte);
        }
    }
}

/// Checks that the pieces follow each other, fit into the file and use exactly the stored bytes.
pub(super) fn check(extents: &[Extent], size: u64, stored: u64) -> io::Result<()> {
    let mut end = 0u64;
    let mut sum = 0u64;
    for extent in extents {
        if extent.offset < end {
            return Err(malformed("pieces of a sparse file overlap"));
        }
        end = extent
            .offset
            .checked_add(extent.length)
            .filter(|end| *end <= size)
            .ok_or_else(|| malformed("a piece of a sparse file is past its end"))?;
        sum += extent.length;
    }
    if sum != stored {
        return Err(malformed(
            "the pieces of a sparse file do not add up to its data",
        ));
    }
    Ok(())
}
