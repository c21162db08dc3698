//! Quiet colours, on terminals alone.

use std::io::IsTerminal;

use crate::settings;

/// How a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// A heading.
    Heading,
    /// Less important than others.
    Faint,
}

impl Tone {
    /// The text in this tone, where standard output shows colours.
    pub(crate) fn paint(self, text: &str) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Heading => "1",
            Self::Faint => "2",
        };
        if has_colours() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Whether standard output is a terminal that shows colours, and the user wants them.
fn has_colours() -> bool {
    std::io::stdout().is_terminal()
        && settings::value(settings::NO_COLOR).is_none()
        && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}
