//! Shell links, `.lnk` ([MS-SHLLINK]).

/// What a shortcut leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shortcut {
    /// The program, as Windows writes it.
    pub target: String,
    /// Its arguments, as one line.
    pub arguments: String,
    /// The working directory.
    pub directory: Option<String>,
    /// What it is, for people.
    pub description: Option<String>,
    /// Where its icon is.
    pub icon: Option<String>,
}

/// The length of the header and the class that begin every link ([MS-SHLLINK] 2.1).
const HEADER: usize = 0x4c;
const CLASS: [u8; 16] = [
    0x01, 0x14, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46,
];

/// Flags of the header.
const HAS_ID_LIST: u32 = 1;
const HAS_LINK_INFO: u32 = 1 << 1;
const HAS_NAME: u32 = 1 << 2;
const HAS_RELATIVE_PATH: u32 = 1 << 3;
const HAS_DIRECTORY: u32 = 1 << 4;
const HAS_ARGUMENTS: u32 = 1 << 5;
const HAS_ICON: u32 = 1 << 6;
const IS_UNICODE: u32 = 1 << 7;

impl Shortcut {
    /// Reads a link; `None` for what is none, and for one that leads to no file.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if u32_at(bytes, 0)? as usize != HEADER || bytes.get(4..20)? != CLASS {
            return None;
        }
        let flags = u32_at(bytes, 20)?;
        let mut rest = bytes.get(HEADER..)?;
        if flags & HAS_ID_LIST != 0 {
            let length = usize::from(u16_at(rest, 0)?);
            rest = rest.get(2 + length..)?;
        }
        let mut shortcut = Self::default();
        if flags & HAS_LINK_INFO != 0 {
            let length = u32_at(rest, 0)? as usize;
            shortcut.target = base_path(rest.get(..length)?)?;
            rest = rest.get(length..)?;
        }
        let is_unicode = flags & IS_UNICODE != 0;
        let mut next = |flag: u32| -> Option<Option<String>> {
            if flags & flag == 0 {
                return Some(None);
            }
            let letters = usize::from(u16_at(rest, 0)?);
            let length = if is_unicode { letters * 2 } else { letters };
            let text = rest.get(2..2 + length)?;
            rest = rest.get(2 + length..)?;
            Some(Some(if is_unicode { wide(text) } else { narrow(text) }))
        };
        shortcut.description = next(HAS_NAME)?;
        next(HAS_RELATIVE_PATH)?;
        shortcut.directory = next(HAS_DIRECTORY)?;
        shortcut.arguments = next(HAS_ARGUMENTS)?.unwrap_or_default();
        shortcut.icon = next(HAS_ICON)?;
        (!shortcut.target.is_empty()).then_some(shortcut)
    }
}

/// The path in a link's information ([MS-SHLLINK] 2.3).
fn base_path(info: &[u8]) -> Option<String> {
    let header = u32_at(info, 4)?;
    if header >= 0x24 {
        let at = u32_at(info, 28)? as usize;
        if at != 0 {
            return Some(wide(info.get(at..)?));
        }
    }
    let at = u32_at(info, 16)? as usize;
    Some(if at == 0 {
        String::new()
    } else {
        narrow(info.get(at..)?)
    })
}

/// A text of two bytes a letter, up to its NUL.
fn wide(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0)
        .collect();
    String::from_utf16_lossy(&units)
}

/// A text of one byte a letter, up to its NUL.
fn narrow(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take_while(|byte| **byte != 0)
        .map(|byte| char::from(*byte))
        .collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Vec<u8> {
        let mut bytes = vec![0x4c, 0, 0, 0];
        bytes.extend(CLASS);
        bytes.extend((HAS_LINK_INFO | HAS_ARGUMENTS | IS_UNICODE).to_le_bytes());
        bytes.resize(HEADER, 0);
        let path = b"C:\\Program Files\\a.exe\0";
        let length = 0x1c + u32::try_from(path.len()).unwrap();
        for number in [length, 0x1c, 1, 0, 0x1c, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(path);
        bytes.extend([2, 0, b'-', 0, b'x', 0]);
        bytes
    }

    #[test]
    fn a_link_is_read() {
        let shortcut = Shortcut::read(&link()).unwrap();
        assert_eq!(shortcut.target, r"C:\Program Files\a.exe");
        assert_eq!(shortcut.arguments, "-x");
    }

    #[test]
    fn what_is_cut_or_no_link_is_none() {
        let whole = link();
        for length in 0..whole.len() {
            assert_eq!(Shortcut::read(&whole[..length]), None, "{length}");
        }
        assert_eq!(Shortcut::read(&[0xff; 200]), None);
    }
}
