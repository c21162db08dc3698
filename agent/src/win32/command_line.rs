//! Command lines as Windows writes them.

/// A command line that names no program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandLineError {
    /// There is nothing in it.
    #[error("the command line is empty: begin it with the program to run")]
    Empty,
    /// A quote is open at its end, within the program's name.
    #[error("the program's name in {0:?} begins with a quote that has no second one")]
    OpenQuote(String),
}

/// Splits a command line into the program and its arguments, as programs built with Microsoft's C
/// library do ("Parsing C command-line arguments"; `CommandLineToArgvW` agrees but for rare rows of
/// quotes). Wine joins them by the same rules, so that the program sees what was meant.
///
/// In the program's name quotes group and a backslash is a backslash. In arguments `2n` backslashes
/// before a quote are `n` of them and the quote opens or closes; one more, and the quote is a
/// character; two quotes within quotes are one character.
///
/// # Errors
/// [`CommandLineError`] where no program is named.
pub fn split_command_line(line: &str) -> Result<Vec<String>, CommandLineError> {
    let line = line.trim_start_matches(is_space);
    if line.is_empty() {
        return Err(CommandLineError::Empty);
    }
    let (program, rest) = program(line)?;
    let mut words = vec![program];
    let mut rest = rest.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (word, after) = argument(rest);
        words.push(word);
        rest = after.trim_start_matches(is_space);
    }
    Ok(words)
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

fn program(line: &str) -> Result<(String, &str), CommandLineError> {
    let mut name = String::new();
    let mut quoted = false;
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            letter if is_space(letter) && !quoted => return named(name, &line[at..]),
            letter => name.push(letter),
        }
    }
    if quoted {
        return Err(CommandLineError::OpenQuote(line.to_owned()));
    }
    named(name, "")
}

fn named(name: String, rest: &str) -> Result<(String, &str), CommandLineError> {
    if name.is_empty() {
        return Err(CommandLineError::Empty);
    }
    Ok((name, rest))
}

fn argument(text: &str) -> (String, &str) {
    let mut word = String::new();
    let mut quoted = false;
    let mut backslashes = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                backslashes += 1;
                continue;
            }
            '"' => {
                word.extend(std::iter::repeat_n('\\', backslashes / 2));
                let is_letter = backslashes % 2 == 1
                    || quoted && letters.next_if(|(_, next)| *next == '"').is_some();
                if is_letter {
                    word.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            letter => {
                word.extend(std::iter::repeat_n('\\', backslashes));
                if is_space(letter) && !quoted {
                    return (word, &text[at..]);
                }
                word.push(letter);
            }
        }
        backslashes = 0;
    }
    word.extend(std::iter::repeat_n('\\', backslashes));
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_split_as_windows_does() {
        for (line, words) in [
            ("a.exe", &["a.exe"][..]),
            ("  a.exe  b\tc ", &["a.exe", "b", "c"]),
            (
                r#""C:\Program Files\a.exe" b"#,
                &[r"C:\Program Files\a.exe", "b"],
            ),
            (r#"C:\"Program Files"\a.exe"#, &[r"C:\Program Files\a.exe"]),
            // A backslash before a quote is none of an escape in the program's name.
            (r#""C:\dir\" b"#, &[r"C:\dir\", "b"]),
            // The examples of Microsoft's documentation.
            (r#"x "abc" d e"#, &["x", "abc", "d", "e"]),
            (r#"x a\\b d"e f"g h"#, &["x", r"a\\b", "de fg", "h"]),
            (r#"x a\\\"b c d"#, &["x", r#"a\"b"#, "c", "d"]),
            (r#"x a\\\\"b c" d e"#, &["x", r"a\\b c", "d", "e"]),
            (r#"x "a""b""#, &["x", r#"a"b"#]),
            (r#"x "" "open end"#, &["x", "", "open end"]),
            (r"x C:\dir\", &["x", r"C:\dir\"]),
            (r#"x "C:\a dir\\""#, &["x", r"C:\a dir\"]),
        ] {
            assert_eq!(split_command_line(line).expect(line), words, "{line}");
        }
    }

    #[test]
    fn a_line_without_a_program_is_refused() {
        for empty in ["", "  \t", r#""" b"#] {
            assert_eq!(split_command_line(empty), Err(CommandLineError::Empty));
        }
        assert!(matches!(
            split_command_line(r#""C:\a b"#),
            Err(CommandLineError::OpenQuote(_))
        ));
    }
}
