//! Texts in registry files: `server/unicode.c` of Wine writes and reads them.

/// Reads a text up to `end`, which is not escaped, and gives it with what stands behind `end`.
pub(super) fn read(text: &str, end: char) -> Option<(String, &str)> {
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    let mut letters = [0; 2];
    loop {
        let letter = rest.chars().next()?;
        rest = &rest[letter.len_utf8()..];
        if letter == end {
            return Some((String::from_utf16_lossy(&units), rest));
        }
        if letter != '\\' {
            units.extend_from_slice(letter.encode_utf16(&mut letters));
            continue;
        }
        let escaped = rest.chars().next()?;
        let (unit, after) = match escaped {
            'x' => number(&rest[1..], 16, 4)?,
            '0'..='7' => number(rest, 8, 3)?,
            _ => {
                rest = &rest[escaped.len_utf8()..];
                let plain = match escaped {
                    'a' => '\x07',
                    'b' => '\x08',
                    'e' => '\x1b',
                    'f' => '\x0c',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\x0b',
                    other => other,
                };
                units.extend_from_slice(plain.encode_utf16(&mut letters));
                continue;
            }
        };
        units.push(unit);
        rest = after;
    }
}

/// A number of at most so many digits at the beginning of a text.
fn number(text: &str, radix: u32, most: usize) -> Option<(u16, &str)> {
    let length = text
        .chars()
        .take(most)
        .take_while(|digit| digit.is_digit(radix))
        .count();
    let number = u16::from_str_radix(&text[..length], radix).ok()?;
    Some((number, &text[length..]))
}

/// Writes a text so that [`read`] reads it back, up to any of `special`.
pub(super) fn write(text: &str, special: &[char]) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(letter) if letter == '\\' || special.contains(&letter) => {
                written.push('\\');
                written.push(letter);
            }
            Some(letter @ ' '..='~') => written.push(letter),
            // Four digits end by themselves, whatever follows.
            _ => written.push_str(&format!("\\x{unit:04x}")),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in ["", r"C:\a b", "\"q\"", "[x]", "ñ€😀\n\0", "a\u{1}2"] {
            let written = write(text, &['"']);
            assert_eq!(
                read(&format!("{written}\"."), '"'),
                Some((text.to_owned(), "."))
            );
        }
        assert_eq!(read(r"a\e\101\x41]", ']').unwrap().0, "a\u{1b}AA");
        for broken in ["", "a", "\\", r"\x", r"\xzz]"] {
            assert_eq!(read(broken, ']'), None, "{broken}");
        }
    }
}
