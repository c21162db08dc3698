//! Taking debug information out of programs and libraries of Windows.
//!
//! Debian ships Wine's with it: two thirds of their size, and of the image's. The format is
//! documented as "PE Format" by Microsoft. What GCC and binutils add are sections at the end whose
//! names are numbers with a slash before (offsets into the string table behind the symbols).

const FILE_HEADER: usize = 20;
const SECTION_HEADER: usize = 40;

/// Line numbers, local symbols and debug information are stripped.
const STRIPPED: u16 = 0x0004 | 0x0008 | 0x0200;

/// Takes debug sections and symbols off a PE file, and answers whether it was one and had any. A
/// file that is not as expected stays as it is.
pub(super) fn strip(file: &mut Vec<u8>) -> bool {
    let Some(plan) = Plan::of(file) else {
        return false;
    };
    plan.carry_out(file);
    true
}

/// What is to be changed in a file.
struct Plan {
    /// Where the file header is.
    header: usize,
    /// Where the section headers begin.
    sections: usize,
    /// How many there are.
    count: usize,
    /// How many stay, the first ones.
    kept: usize,
    /// The length of the file with those alone.
    length: usize,
    /// The size of the image in memory with those alone.
    image: u32,
}

impl Plan {
    fn of(file: &[u8]) -> Option<Self> {
        if !file.starts_with(b"MZ") {
            return None;
        }
        let signature = number(file, 0x3c)?;
        if file.get(signature..signature + 4)? != b"PE\0\0" {
            return None;
        }
        let header = signature + 4;
        let count = usize::from(u16_at(file, header + 2)?);
        let symbols = number(file, header + 8)?;
        let symbol_count = number(file, header + 12)?;
        let optional_size = usize::from(u16_at(file, header + 16)?);
        let optional = header + FILE_HEADER;
        let directories = match u16_at(file, optional)? {
            0x10b => optional + 96,
            0x20b => optional + 112,
            _ => return None,
        };
        // A signature stands behind everything and is over everything.
        if number(file, directories + 4 * 8)? != 0 {
            return None;
        }
        let sections = optional + optional_size;
        let section = |index: usize| Section::read(file, sections + index * SECTION_HEADER);
        let strings = symbols + symbol_count * 18;
        let mut kept = count;
        while kept > 0 && section(kept - 1)?.is_debug(file, strings) {
            kept -= 1;
        }
        if kept == 0 || (kept == count && symbols == 0) {
            return None;
        }
        let alignment = u32_at(file, optional + 32)?.max(1);
        let mut length = sections + count * SECTION_HEADER;
        let mut image = 0;
        for index in 0..kept {
            let section = section(index)?;
            length = length.max(section.end_in_file()?);
            image = image.max(section.end_in_memory()?);
        }
        if length > file.len() {
            return None;
        }
        Some(Self {
            header,
            sections,
            count,
            kept,
            length,
            image: image.checked_next_multiple_of(alignment)?,
        })
    }

    fn carry_out(&self, file: &mut Vec<u8>) {
        let Self { header, .. } = *self;
        for index in 0..self.count {
            let at = self.sections + index * SECTION_HEADER;
            if index >= self.kept {
                file[at..at + SECTION_HEADER].fill(0);
            } else if file[at] == b'/' {
                // The table with its long name goes; no loader asks for names.
                file[at..at + 8].copy_from_slice(b".section");
            }
        }
        let kept = u16::try_from(self.kept).unwrap_or(u16::MAX);
        file[header + 2..header + 4].copy_from_slice(&kept.to_le_bytes());
        // Where the symbols are, and how many.
        file[header + 8..header + 16].fill(0);
        let flags = u16::from_le_bytes([file[header + 18], file[header + 19]]) | STRIPPED;
        file[header + 18..header + 20].copy_from_slice(&flags.to_le_bytes());
        let optional = header + FILE_HEADER;
        file[optional + 56..optional + 60].copy_from_slice(&self.image.to_le_bytes());
        // The checksum: none is given.
        file[optional + 64..optional + 68].fill(0);
        file.truncate(self.length);
    }
}

struct Section {
    name: [u8; 8],
    memory_size: u32,
    address: u32,
    file_size: u32,
    offset: u32,
}

impl Section {
    fn read(file: &[u8], at: usize) -> Option<Self> {
        Some(Self {
            name: file.get(at..at + 8)?.try_into().ok()?,
            memory_size: u32_at(file, at + 8)?,
            address: u32_at(file, at + 12)?,
            file_size: u32_at(file, at + 16)?,
            offset: u32_at(file, at + 20)?,
        })
    }

    /// Whether its name, behind an offset, begins with `.debug`.
    fn is_debug(&self, file: &[u8], strings: usize) -> bool {
        let digits = self.name.strip_prefix(b"/");
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let offset = digits.and_then(|digits| digits.trim_end_matches('\0').parse::<usize>().ok());
        offset
            .and_then(|offset| file.get(strings.checked_add(offset)?..))
            .is_some_and(|name| name.starts_with(b".debug"))
    }

    fn end_in_file(&self) -> Option<usize> {
        if self.offset == 0 {
            return Some(0);
        }
        usize::try_from(self.offset.checked_add(self.file_size)?).ok()
    }

    fn end_in_memory(&self) -> Option<u32> {
        self.address.checked_add(self.memory_size.max(1))
    }
}

fn u16_at(file: &[u8], at: usize) -> Option<u16> {
    let bytes = file.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(file: &[u8], at: usize) -> Option<u32> {
    let bytes = file.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn number(file: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(file, at)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 64-bit library with the sections `.text`, a long name, and debug information.
    fn library() -> Vec<u8> {
        let mut file = vec![0; 0x800];
        file[..2].copy_from_slice(b"MZ");
        file[0x3c] = 0x80;
        file[0x40..0x50].copy_from_slice(b"Wine builtin DLL");
        file[0x80..0x84].copy_from_slice(b"PE\0\0");
        let header = 0x84;
        file[header + 2] = 3;
        file[header + 8..header + 12].copy_from_slice(&0x700_u32.to_le_bytes());
        file[header + 12] = 1;
        file[header + 16] = 0xf0;
        let optional = header + FILE_HEADER;
        file[optional..optional + 2].copy_from_slice(&0x20b_u16.to_le_bytes());
        file[optional + 32..optional + 36].copy_from_slice(&0x1000_u32.to_le_bytes());
        file[optional + 56..optional + 60].copy_from_slice(&0x4000_u32.to_le_bytes());
        file[optional + 64] = 7;
        let sections = optional + 0xf0;
        for (index, name) in [&b".text\0\0\0"[..], b"/4\0\0\0\0\0\0", b"/14\0\0\0\0\0"]
            .into_iter()
            .enumerate()
        {
            let at = sections + index * SECTION_HEADER;
            let number = u32::try_from(index).expect("small");
            file[at..at + 8].copy_from_slice(name);
            file[at + 8..at + 12].copy_from_slice(&0x80_u32.to_le_bytes());
            file[at + 12..at + 16].copy_from_slice(&((number + 1) * 0x1000).to_le_bytes());
            file[at + 16..at + 20].copy_from_slice(&0x100_u32.to_le_bytes());
            file[at + 20..at + 24].copy_from_slice(&(0x400 + number * 0x100).to_le_bytes());
        }
        let strings = 0x700 + 18;
        file[strings + 4..strings + 14].copy_from_slice(b".eh_frame\0");
        file[strings + 14..strings + 26].copy_from_slice(b".debug_info\0");
        file
    }

    #[test]
    fn debug_information_and_symbols_go_and_all_else_stays() {
        let before = library();
        let mut file = before.clone();
        assert!(strip(&mut file));
        assert_eq!(file.len(), 0x600);
        assert_eq!(file[0x40..0x50], before[0x40..0x50]);
        assert_eq!(u16_at(&file, 0x86), Some(2));
        assert_eq!(u32_at(&file, 0x8c), Some(0));
        assert_eq!(u32_at(&file, 0x98 + 56), Some(0x3000));
        assert_eq!(u32_at(&file, 0x98 + 64), Some(0));
        assert_eq!(file[0x400..0x600], before[0x400..0x600]);
        let sections = 0x98 + 0xf0;
        assert_eq!(&file[sections..sections + 5], b".text");
        assert_eq!(&file[sections + 40..sections + 48], b".section");
        // There is nothing more to do.
        assert!(!strip(&mut file));
    }

    #[test]
    fn other_files_stay_as_they_are() {
        for odd in [
            b"".to_vec(),
            b"MZ".to_vec(),
            b"text".to_vec(),
            vec![0xff; 100],
        ] {
            let mut file = odd.clone();
            assert!(!strip(&mut file));
            assert_eq!(file, odd);
        }
        let whole = library();
        for length in 0..whole.len() {
            let mut cut = whole[..length].to_vec();
            strip(&mut cut);
        }
    }
}
