//! Names of files and folders on Win32 (Microsoft: "Naming Files, Paths, and Namespaces").

/// Why a text is no name of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// It has no characters.
    #[error("a name has at least one character")]
    Empty,
    /// It is longer than 255 units of UTF-16.
    #[error("a name has at most 255 characters")]
    TooLong,
    /// It has a control character or one of `< > : " / \ | ? *`.
    #[error("a name has no control characters and none of < > : \" / \\ | ? *")]
    Character,
    /// It names a stream of a file, as `file:stream` does.
    #[error("a stream (`file:stream`) can't be named here; name the file")]
    Stream,
    /// It is a device, as `NUL` is in every folder.
    #[error("CON, PRN, AUX, NUL, COM1 to COM9 and LPT1 to LPT9 are devices, with any extension")]
    Device,
    /// It looks like a short name, whose long name only the file system knows.
    #[error("short names like PROGRA~1 differ from machine to machine; write the long name")]
    Short,
    /// It ends in a dot or a space, which Win32 drops.
    #[error("a name does not end in a dot or a space")]
    Ending,
}

impl NameFault {
    /// The longest name, in units of UTF-16.
    const MAX_LEN: usize = 255;
}

/// Checks one name of a manifest's path.
///
/// # Errors
/// [`NameFault`] with what is wrong with it.
pub fn check_name(name: &str) -> Result<(), NameFault> {
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.encode_utf16().count() > NameFault::MAX_LEN {
        return Err(NameFault::TooLong);
    }
    if name.contains(':') {
        return Err(NameFault::Stream);
    }
    if name
        .chars()
        .any(|c| c.is_control() || r#"<>"/\|?*"#.contains(c))
    {
        return Err(NameFault::Character);
    }
    if name.ends_with(['.', ' ']) {
        return Err(NameFault::Ending);
    }
    if is_device_name(name) {
        return Err(NameFault::Device);
    }
    if is_short_name(name) {
        return Err(NameFault::Short);
    }
    Ok(())
}

/// Whether the last name of a path is that of a device: `NUL`, `nul.txt`, `CON `, `COM1`,
/// `LPT¹`, `CONIN$`.
pub fn is_device_name(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or(name);
    let stem = stem.trim_end_matches(' ');
    let is = |device: &str| stem.eq_ignore_ascii_case(device);
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
        .into_iter()
        .any(is)
    {
        return true;
    }
    let mut characters = stem.chars();
    let port: String = characters.by_ref().take(3).collect();
    let (number, end) = (characters.next(), characters.next());
    let is_port = port.eq_ignore_ascii_case("COM") || port.eq_ignore_ascii_case("LPT");
    is_port && end.is_none() && number.is_some_and(|n| matches!(n, '1'..='9' | '¹' | '²' | '³'))
}

/// Whether a name has the form of a short (8.3) one: up to eight characters with `~` and a digit
/// before the dot, and up to three behind it.
pub fn is_short_name(name: &str) -> bool {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let fits = stem.chars().count() <= 8 && extension.chars().count() <= 3;
    let has_number = stem.rsplit_once('~').is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    fits && has_number && !extension.contains('.') && !name.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        use NameFault::{Character, Device, Empty, Ending, Short, Stream, TooLong};
        for (name, fault) in [
            ("7-Zip", None),
            ("ñandú 数 🦀.txt", None),
            ("a~b", None),
            ("longname~1.config", None),
            ("COM10", None),
            ("CONSOLE", None),
            ("com", None),
            ("nullify", None),
            ("", Some(Empty)),
            (&"a".repeat(256), Some(TooLong)),
            (&"🦀".repeat(128), Some(TooLong)),
            ("a*b", Some(Character)),
            ("a\0b", Some(Character)),
            ("a/b", Some(Character)),
            ("a\u{7f}", Some(Character)),
            ("file:stream", Some(Stream)),
            ("file::$DATA", Some(Stream)),
            ("name.", Some(Ending)),
            ("name ", Some(Ending)),
            ("...", Some(Ending)),
            ("NUL", Some(Device)),
            ("nul.tar.gz", Some(Device)),
            ("Aux .txt", Some(Device)),
            ("lpt¹", Some(Device)),
            ("CONOUT$", Some(Device)),
            ("PROGRA~1", Some(Short)),
            ("a~12.tx", Some(Short)),
        ] {
            assert_eq!(check_name(name).err(), fault, "{name:?}");
        }
    }
}
