//! The terminal and its size.

use std::io::{self, IsTerminal};

use rustix::termios::tcgetwinsize;

/// Whether a person types at standard input.
pub(crate) fn is_terminal_input() -> bool {
    io::stdin().is_terminal()
}

/// Columns and rows of the terminal, from whichever stream is one.
pub(crate) fn terminal_size() -> Option<(u16, u16)> {
    let size = tcgetwinsize(io::stdout())
        .or_else(|_| tcgetwinsize(io::stdin()))
        .or_else(|_| tcgetwinsize(io::stderr()))
        .ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}
