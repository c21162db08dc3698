//! What the name of a layer's entry means (OCI image specification, "Image Layer Filesystem
//! Changeset").

use std::io;

/// The mark of a file that is gone.
const WHITEOUT: &[u8] = b".wh.";
/// The mark of names that were AUFS' own.
const META: &[u8] = b".wh..wh.";
/// The mark of a directory that hides what is below it.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// A name, cut up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// The layer's root.
    Root,
    /// A file or directory.
    Plain {
        /// The directories that lead to it.
        parents: Vec<&'a [u8]>,
        /// Its own name.
        name: &'a [u8],
    },
    /// A file of a lower layer that is gone.
    Whiteout {
        /// The directories that lead to it.
        parents: Vec<&'a [u8]>,
        /// Its own name.
        name: &'a [u8],
    },
    /// Everything that lower layers have in this directory is gone.
    Opaque {
        /// The directory.
        parents: Vec<&'a [u8]>,
    },
    /// AUFS' own; means nothing.
    Ignored,
}

impl<'a> Name<'a> {
    /// Cuts a name at its slashes; a leading slash means the layer's root.
    ///
    /// # Errors
    /// `InvalidData` for `..`, and for whiteouts that name no file.
    pub(super) fn parse(path: &'a [u8]) -> io::Result<Self> {
        let bad = |reason: &str| {
            let shown = String::from_utf8_lossy(path)
                .chars()
                .take(200)
                .collect::<String>();
            let message = format!("its entry {shown:?} {reason}");
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        let mut parents: Vec<&[u8]> = path
            .split(|byte| *byte == b'/')
            .filter(|part| !part.is_empty() && *part != b".")
            .collect();
        if parents.contains(&&b".."[..]) {
            return Err(bad("has \"..\" in its name"));
        }
        let Some(name) = parents.pop() else {
            return Ok(Self::Root);
        };
        if parents.iter().any(|part| part.starts_with(META)) {
            return Ok(Self::Ignored);
        }
        if parents.iter().any(|part| part.starts_with(WHITEOUT)) {
            return Err(bad("is in a directory named as a whiteout"));
        }
        if name == OPAQUE {
            return Ok(Self::Opaque { parents });
        }
        if name.starts_with(META) {
            return Ok(Self::Ignored);
        }
        match name.strip_prefix(WHITEOUT) {
            None => Ok(Self::Plain { parents, name }),
            Some(b"" | b"." | b"..") => Err(bad("is a whiteout of no file")),
            Some(name) => Ok(Self::Whiteout { parents, name }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut() {
        let plain = |parents: &[&'static str], name: &'static str| Name::Plain {
            parents: parents.iter().map(|part| part.as_bytes()).collect(),
            name: name.as_bytes(),
        };
        for (path, expected) in [
            ("", Name::Root),
            ("./", Name::Root),
            ("///", Name::Root),
            ("a", plain(&[], "a")),
            ("./a//b/", plain(&["a"], "b")),
            ("/etc/passwd", plain(&["etc"], "passwd")),
            ("a/...", plain(&["a"], "...")),
            (
                "a/.wh.b",
                Name::Whiteout {
                    parents: vec![b"a"],
                    name: b"b",
                },
            ),
            (
                ".wh.wh.x",
                Name::Whiteout {
                    parents: vec![],
                    name: b"wh.x",
                },
            ),
            (
                "a/.wh..wh..opq",
                Name::Opaque {
                    parents: vec![b"a"],
                },
            ),
            (".wh..wh..opq", Name::Opaque { parents: vec![] }),
            (".wh..wh.plnk/1.2", Name::Ignored),
            (".wh..wh.aufs", Name::Ignored),
        ] {
            assert_eq!(Name::parse(path.as_bytes()).unwrap(), expected, "{path:?}");
        }
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        for path in [
            "..",
            "../a",
            "a/../../b",
            "/..",
            "a/..",
            ".wh.",
            ".wh..",
            "a/.wh...",
            ".wh.a/b",
        ] {
            assert!(Name::parse(path.as_bytes()).is_err(), "{path:?}");
        }
    }
}
