//! Signals by name.

/// Names and numbers that are the same on all of Linux's architectures that ctnr runs on
/// (`signal(7)`).
const NAMES: [(&str, i32); 30] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
];

/// Reads an image's stop signal: `SIGTERM`, `term`, `15`, `RTMIN+3`. One that can't be read is
/// SIGTERM, as an image without one has it.
pub(super) fn stop_signal(text: Option<&str>) -> i32 {
    text.and_then(parse).unwrap_or(libc::SIGTERM)
}

fn parse(text: &str) -> Option<i32> {
    let upper = text.trim().to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    if let Ok(number) = name.parse() {
        return (1..=libc::SIGRTMAX()).contains(&number).then_some(number);
    }
    if let Some(offset) = name.strip_prefix("RTMIN") {
        let offset: i32 = if offset.is_empty() {
            0
        } else {
            offset.strip_prefix('+')?.parse().ok()?
        };
        let number = libc::SIGRTMIN().checked_add(offset)?;
        return (libc::SIGRTMIN()..=libc::SIGRTMAX())
            .contains(&number)
            .then_some(number);
    }
    NAMES
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, signal) in [
            (None, 15),
            (Some("SIGQUIT"), 3),
            (Some("int"), 2),
            (Some("9"), 9),
            (Some("RTMIN+3"), libc::SIGRTMIN() + 3),
            (Some("RTMIN+2147483647"), 15),
            (Some("0"), 15),
            (Some("-1"), 15),
            (Some("SIGNOTHING"), 15),
        ] {
            assert_eq!(stop_signal(text), signal, "{text:?}");
        }
    }
}
