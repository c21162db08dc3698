//! How Win32 compares names: without regard to case, one character at a time.

/// The text as names are compared by: two names are the same on Win32 if their folds are equal.
///
/// Each character becomes its upper case where that is one character, as `RtlUpcaseUnicodeChar`
/// and the `$UpCase` table of NTFS do it. Characters beyond the Basic Multilingual Plane stay as
/// they are, and so do those whose upper case is several characters (`ß`). A character outside of
/// ASCII never becomes one inside (`ı`, `ſ`), so that no name can pass for another that is
/// written in ASCII.
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn fold_char(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) if !upper.is_ascii() && u32::from(character) <= 0xFFFF => upper,
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_as_win32_does() {
        for (text, folded) in [
            ("Program Files (x86)", "PROGRAM FILES (X86)"),
            ("ñandú.éxe", "ÑANDÚ.ÉXE"),
            ("ÿ", "Ÿ"),
            ("straße", "STRAßE"),
            ("ı ſ", "ı ſ"),
            ("\u{10428}", "\u{10428}"),
            ("ﬁle", "ﬁLE"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(fold(&fold(text)), folded, "{text} folded twice");
        }
    }
}
