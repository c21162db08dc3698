//! Text from elsewhere, made safe for a terminal.

use std::borrow::Cow;

/// The text with its control characters shown instead of obeyed. Names, labels and messages come
/// from images and programs, which might move the cursor, set the title or worse.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_harmless = |c: char| c == '\n' || !(c.is_control() || is_direction(c));
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| {
            if is_harmless(c) {
                c.to_string()
            } else {
                c.escape_default().to_string()
            }
        })
        .collect::<String>()
        .into()
}

/// Whether a character turns the direction of the text behind it (Unicode bidirectional
/// controls).
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_shown() {
        assert_eq!(clean("plain ñ"), "plain ñ");
        assert_eq!(clean("a\x1b[2Jb\r"), "a\\u{1b}[2Jb\\r");
        assert_eq!(clean("\u{202e}txt"), "\\u{202e}txt");
    }
}
