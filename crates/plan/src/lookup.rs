//! What a path means that a running program gives.

use ctnr_model::container::{
    NameFault, Win32Path, check_name, is_device_name, is_short_name, resolve_names,
};

/// What a path of a program names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A file or folder on a drive: the rule for it decides.
    File {
        /// The path, without a stream.
        path: Win32Path,
        /// The stream of the file, where it is not its content: it goes where the file goes.
        stream: Option<String>,
    },
    /// A device, as `NUL` or `\\.\pipe\x`: no file, and never redirected as one.
    Device,
    /// A share, `\\server\share`: the network policy decides.
    Share,
}

/// Why a path can't be decided on. Whoever asks has to find out more, or to refuse the access.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// A name has the form of a short one: ask the file system for the long name of the path, and
    /// look that up as [`Names::Long`].
    #[error("{0} may be a short name")]
    ShortName(String),
    /// The path begins with the name of a volume, not a drive.
    #[error("the path names a volume")]
    Volume,
    /// It is no path: odd characters, a stream of a folder on the way, `..` behind `\\?\`.
    #[error("it is no path")]
    NoPath,
}

/// Whether names may be short ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// As the program gave them.
    AsGiven,
    /// As the file system answered when it was asked for long names.
    Long,
}

/// Reads a path as `CreateFile` and `NtCreateFile` would, from `current` where it is relative.
///
/// # Errors
/// [`Undecided`] where the text alone does not say which file is meant.
pub fn look_up(text: &str, current: &Win32Path, names: Names) -> Result<Lookup, Undecided> {
    for (start, verbatim) in [
        (r"\\?\", true),
        (r"\??\", true),
        (r"\\.\", false),
        ("//./", false),
    ] {
        if let Some(rest) = text.strip_prefix(start) {
            return prefixed(rest, verbatim, names);
        }
    }
    let is_separator = |c: char| matches!(c, '\\' | '/');
    let mut start = text.chars();
    match (start.next(), start.next(), start.next()) {
        (Some(first), Some(second), _) if is_separator(first) && is_separator(second) => {
            Ok(Lookup::Share)
        }
        (Some(first), ..) if is_separator(first) => file(current.drive(), &[], text, names),
        (Some(drive), Some(':'), third) if drive.is_ascii_alphabetic() => {
            let rest = &text[2..];
            // Of another drive's current folder nothing is known: its root, as Win32 has it.
            let is_relative = !third.is_some_and(is_separator);
            if is_relative && drive.eq_ignore_ascii_case(&current.drive()) {
                file(drive, &current.names().collect::<Vec<_>>(), rest, names)
            } else {
                file(drive, &[], rest, names)
            }
        }
        (None, ..) => Err(Undecided::NoPath),
        _ => file(
            current.drive(),
            &current.names().collect::<Vec<_>>(),
            text,
            names,
        ),
    }
}

/// What follows `\\?\`, `\??\` or `\\.\`.
fn prefixed(rest: &str, verbatim: bool, names: Names) -> Result<Lookup, Undecided> {
    let bytes = rest.as_bytes();
    let has_drive = matches!(bytes, [drive, b':', ..] if drive.is_ascii_alphabetic());
    if has_drive {
        let drive = char::from(bytes[0]);
        let below = &rest[2..];
        return match below.as_bytes().first() {
            // The volume itself, not its root folder.
            None => Ok(Lookup::Device),
            Some(b'\\') if verbatim => file_of(
                drive,
                below.split('\\').filter(|name| !name.is_empty()).collect(),
                names,
                true,
            ),
            Some(b'\\' | b'/') if !verbatim => file(drive, &[], below, names),
            Some(_) => Err(Undecided::NoPath),
        };
    }
    let first = rest
        .split(['\\', '/'])
        .next()
        .unwrap_or(rest)
        .to_ascii_uppercase();
    match first.as_str() {
        "UNC" => Ok(Lookup::Share),
        "GLOBALROOT" | "GLOBAL??" => Err(Undecided::Volume),
        _ if first.starts_with("VOLUME{") || first.starts_with("HARDDISK") => {
            Err(Undecided::Volume)
        }
        "" => Err(Undecided::NoPath),
        _ => Ok(Lookup::Device),
    }
}

fn file(drive: char, current: &[&str], rest: &str, names: Names) -> Result<Lookup, Undecided> {
    let joined = [current.join("\\").as_str(), rest].join("\\");
    file_of(drive, resolve_names(&joined), names, false)
}

fn file_of(
    drive: char,
    mut parts: Vec<&str>,
    names: Names,
    verbatim: bool,
) -> Result<Lookup, Undecided> {
    if !verbatim && parts.last().is_some_and(|last| is_device_name(last)) {
        return Ok(Lookup::Device);
    }
    let mut stream = None;
    if let Some(last) = parts.last_mut()
        && let Some((name, of)) = last.split_once(':')
    {
        *last = name;
        stream = stream_name(of)?;
    }
    for part in &parts {
        match check_name(part) {
            Ok(()) | Err(NameFault::Device | NameFault::Short) => {}
            // Win32 has dropped what it drops; NT takes such names.
            Err(NameFault::Ending) if !matches!(*part, "." | "..") => {}
            Err(_) => return Err(Undecided::NoPath),
        }
        if names == Names::AsGiven && is_short_name(part) {
            return Err(Undecided::ShortName((*part).to_owned()));
        }
    }
    Ok(Lookup::File {
        path: Win32Path::from_names(drive, &parts),
        stream,
    })
}

/// The stream of `name:stream:$TYPE`; none for the content of the file, `::$DATA`.
fn stream_name(text: &str) -> Result<Option<String>, Undecided> {
    let (name, kind) = text.split_once(':').unwrap_or((text, "$DATA"));
    let plain = !name.contains(['\\', '/', '\0']) && !name.chars().any(char::is_control);
    if !plain || !kind.eq_ignore_ascii_case("$DATA") || (name.is_empty() && !text.contains(':')) {
        return Err(Undecided::NoPath);
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str) -> Result<String, Undecided> {
        let current = Win32Path::parse(r"C:\App\bin").unwrap();
        Ok(match look_up(text, &current, Names::AsGiven)? {
            Lookup::File { path, stream: None } => path.to_string(),
            Lookup::File {
                path,
                stream: Some(stream),
            } => format!("{path} stream {stream}"),
            Lookup::Device => "device".to_owned(),
            Lookup::Share => "share".to_owned(),
        })
    }

    #[test]
    fn paths_are_read_as_win32_reads_them() {
        for (text, found) in [
            (r"C:\a\b", r"C:\a\b"),
            (r"c:/a/../b/./c", r"C:\b\c"),
            (r"C:\..\..\a", r"C:\a"),
            (r"x.txt", r"C:\App\bin\x.txt"),
            (r"..\x.txt", r"C:\App\x.txt"),
            (r"..\..\..\..\x", r"C:\x"),
            (r"\x", r"C:\x"),
            (r"C:x", r"C:\App\bin\x"),
            (r"c:", r"C:\App\bin"),
            (r"C:..\x", r"C:\App\x"),
            (r"D:x", r"D:\x"),
            (r"C:\a\b. . ", r"C:\a\b"),
            (r"C:\a.\b", r"C:\a\b"),
            (r"C:\a..\b", r"C:\a..\b"),
            (r"\\?\C:\a\b", r"C:\a\b"),
            (r"\??\C:\a\b.", r"C:\a\b."),
            (r"\\.\C:\a\..\b", r"C:\b"),
            (r"//./C:/a", r"C:\a"),
            (r"C:\a\f.txt:s", r"C:\a\f.txt stream s"),
            (r"C:\a\f.txt:s:$DATA", r"C:\a\f.txt stream s"),
            (r"C:\a\f.txt::$data", r"C:\a\f.txt"),
            (r"\\?\C:\a\NUL", r"C:\a\NUL"),
        ] {
            assert_eq!(look(text).as_deref(), Ok(found), "{text}");
        }
    }

    #[test]
    fn devices_and_shares_are_no_files() {
        for text in [
            "NUL",
            r"C:\a\nul",
            r"C:\a\CON.txt",
            r"C:\a\COM1",
            "nul:",
            r"\\.\pipe\x",
            r"\??\PIPE\x",
            r"\\.\C:",
        ] {
            assert_eq!(look(text).as_deref(), Ok("device"), "{text}");
        }
        for text in [
            r"\\server\share\x",
            "//server/share",
            r"\\?\UNC\server\share",
        ] {
            assert_eq!(look(text).as_deref(), Ok("share"), "{text}");
        }
    }

    #[test]
    fn what_the_text_does_not_say_is_left_undecided() {
        for (text, why) in [
            (
                r"C:\PROGRA~1\x",
                Undecided::ShortName("PROGRA~1".to_owned()),
            ),
            (
                r"\\?\C:\a\LONGFI~2.TXT",
                Undecided::ShortName("LONGFI~2.TXT".to_owned()),
            ),
            (
                r"\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\a",
                Undecided::Volume,
            ),
            (
                r"\\?\GLOBALROOT\Device\HarddiskVolume1\a",
                Undecided::Volume,
            ),
            (r"C:\a::$INDEX_ALLOCATION\b", Undecided::NoPath),
            (r"C:\a:$I30:$INDEX_ALLOCATION", Undecided::NoPath),
            (r"C:\a*", Undecided::NoPath),
            (r"\\?\C:\a\..\b", Undecided::NoPath),
            (r"\\?\C:\a/b", Undecided::NoPath),
            (r"\\?\C:a", Undecided::NoPath),
            (r"\\?\", Undecided::NoPath),
            ("C:\\a\0b", Undecided::NoPath),
            ("", Undecided::NoPath),
        ] {
            assert_eq!(look(text), Err(why), "{text}");
        }
    }

    #[test]
    fn long_names_that_look_short_are_taken_when_the_file_system_says_so() {
        let current = Win32Path::root('C');
        assert!(look_up("a~1.txt", &current, Names::AsGiven).is_err());
        assert!(look_up("a~1.txt", &current, Names::Long).is_ok());
    }
}
