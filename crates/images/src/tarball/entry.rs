//! One entry of a tar, as its headers together describe it.

use std::io;

use tar::{EntryType, Header};

use super::pax::Records;
use super::sparse::Extent;
use super::{malformed, sparse};

/// The longest name or link target, in bytes (Linux `PATH_MAX`, without its NUL).
const NAME_MAX: usize = 4095;

/// The largest file, in bytes: past it, sums of sizes could overflow.
const SIZE_MAX: u64 = 1 << 60;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    File,
    /// Another name for a file that came before.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
    /// A character device.
    Char,
    /// A block device.
    Block,
    /// A named pipe.
    Fifo,
    /// Something else; the type's letter.
    Other(u8),
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its name: any bytes but NUL, not cleaned in any way.
    pub(crate) path: Vec<u8>,
    /// What it links to: any bytes but NUL.
    pub(crate) link: Vec<u8>,
    /// Permission bits with set-user-id, set-group-id and sticky.
    pub(crate) mode: u32,
    /// The owner.
    pub(crate) uid: u32,
    /// The group.
    pub(crate) gid: u32,
    /// Last change: seconds since 1970 and nanoseconds.
    pub(crate) mtime: (i64, u32),
    /// Major and minor number of a device.
    pub(crate) device: (u32, u32),
    /// Extended attributes.
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Length of the file, holes included.
    pub(crate) size: u64,
    /// Bytes in the archive.
    pub(crate) stored: u64,
    /// Where the bytes in the archive go, for a file with holes.
    pub(crate) extents: Option<Vec<Extent>>,
}

/// What GNU's long-name entries said of the next entry.
#[derive(Debug, Default)]
pub(crate) struct LongNames {
    /// Its name.
    pub(crate) path: Option<Vec<u8>>,
    /// Its link target.
    pub(crate) link: Option<Vec<u8>>,
}

impl Entry {
    /// Joins a header with what the extension headers before it said.
    pub(super) fn new(header: &Header, long: LongNames, pax: &Records) -> io::Result<Self> {
        let path = pax
            .get("GNU.sparse.name")
            .or_else(|| pax.get("path"))
            .map(<[u8]>::to_vec)
            .or(long.path)
            .unwrap_or_else(|| header.path_bytes().into_owned());
        let link = pax
            .get("linkpath")
            .map(<[u8]>::to_vec)
            .or(long.link)
            .or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned))
            .unwrap_or_default();
        check_name("name", &path)?;
        check_name("link target", &link)?;
        let fields = header.as_old();
        let kind = kind(header.entry_type(), &path);
        let has_data = matches!(kind, Kind::File | Kind::Other(_));
        let stored = match pax.number("size")? {
            _ if !has_data => 0,
            Some(size) => size,
            None => number("size", &fields.size)?,
        };
        if stored > SIZE_MAX {
            return Err(malformed("a file is larger than any disk"));
        }
        let id = |key, field| -> io::Result<u32> {
            let id = match pax.number(key)? {
                Some(id) => id,
                None => number(key, field)?,
            };
            // The highest value means "no one" to chown(2).
            u32::try_from(id)
                .ok()
                .filter(|id| *id != u32::MAX)
                .ok_or_else(|| malformed(format!("{key} {id} is out of range")))
        };
        let device = |field: io::Result<Option<u32>>| field.ok().flatten().unwrap_or(0);
        Ok(Self {
            kind,
            link,
            mode: u32::try_from(number("mode", &fields.mode)? & 0o7777).unwrap_or(0),
            uid: id("uid", &fields.uid)?,
            gid: id("gid", &fields.gid)?,
            mtime: match pax.get("mtime") {
                Some(text) => pax_time(text)?,
                // A time before 1970 has no octal form; it is not worth refusing a layer.
                None => (
                    number("time", &fields.mtime).map_or(0, |time| time.cast_signed()),
                    0,
                ),
            },
            device: (device(header.device_major()), device(header.device_minor())),
            xattrs: pax.xattrs(),
            size: sparse::real_size(header, pax)?
                .filter(|_| kind == Kind::File)
                .unwrap_or(stored),
            stored,
            extents: None,
            path,
        })
    }
}

/// Reads a number of a header: octal digits between spaces or NULs, nothing at all for zero, or
/// big-endian bytes behind a set highest bit (GNU's form for large numbers).
pub(super) fn number(what: &str, field: &[u8]) -> io::Result<u64> {
    let bad = || malformed(format!("a {what} is not a number"));
    let Some((first, rest)) = field.split_first() else {
        return Ok(0);
    };
    if first & 0x80 != 0 {
        return rest
            .iter()
            .try_fold(u64::from(first & 0x7f), |number, byte| {
                let shifted = number.checked_mul(256).ok_or_else(bad)?;
                Ok(shifted | u64::from(*byte))
            });
    }
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    field
        .iter()
        .skip_while(|byte| blank(byte))
        .take_while(|byte| !blank(byte))
        .try_fold(0u64, |number, byte| match byte {
            b'0'..=b'7' => {
                let shifted = number.checked_mul(8).ok_or_else(bad)?;
                Ok(shifted | u64::from(byte - b'0'))
            }
            _ => Err(bad()),
        })
}

fn check_name(what: &str, name: &[u8]) -> io::Result<()> {
    if name.contains(&0) {
        return Err(malformed(format!("a {what} contains a NUL")));
    }
    if name.len() > NAME_MAX {
        return Err(malformed(format!(
            "a {what} is longer than {NAME_MAX} bytes"
        )));
    }
    Ok(())
}

fn kind(kind: EntryType, path: &[u8]) -> Kind {
    match kind {
        // Archives from before POSIX mark directories by the slash alone.
        EntryType::Regular if path.ends_with(b"/") => Kind::Directory,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File,
        EntryType::Link => Kind::HardLink,
        EntryType::Symlink => Kind::Symlink,
        EntryType::Directory => Kind::Directory,
        EntryType::Char => Kind::Char,
        EntryType::Block => Kind::Block,
        EntryType::Fifo => Kind::Fifo,
        other => Kind::Other(other.as_byte()),
    }
}

/// Reads `-12.345` as seconds and nanoseconds; more than nine decimals are cut off.
fn pax_time(text: &[u8]) -> io::Result<(i64, u32)> {
    let bad = || malformed("a time is not a number");
    let text = std::str::from_utf8(text).map_err(|_| bad())?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().map_err(|_| bad())?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let digits: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    let nanos: u32 = digits.parse().map_err(|_| bad())?;
    if whole.starts_with('-') && nanos > 0 {
        return Ok((
            seconds.checked_sub(1).ok_or_else(bad)?,
            1_000_000_000 - nanos,
        ));
    }
    Ok((seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        for (field, expected) in [
            (&b"0000644\0"[..], 0o644),
            (b"    17 \0", 0o17),
            (b"\0\0\0\0", 0),
            (b"77777777777", 0o77_777_777_777),
            (b"\x80\0\0\0\0\x01\0\0", 65_536),
        ] {
            assert_eq!(number("x", field).unwrap(), expected);
        }
        for field in [
            &b"8"[..],
            b"-1",
            b"0x1",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert!(number("x", field).is_err());
        }
    }

    #[test]
    fn times_have_fractions_and_signs() {
        for (text, time) in [
            ("0", (0, 0)),
            ("12.5", (12, 500_000_000)),
            ("-1.25", (-2, 750_000_000)),
            ("-0.5", (-1, 500_000_000)),
            ("1.1234567891", (1, 123_456_789)),
        ] {
            assert_eq!(pax_time(text.as_bytes()).unwrap(), time, "{text}");
        }
        for text in [
            "",
            "x",
            "1.x",
            "99999999999999999999",
            "-9223372036854775808.5",
        ] {
            assert!(pax_time(text.as_bytes()).is_err(), "{text}");
        }
    }
}
