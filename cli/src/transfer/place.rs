//! Where a copy comes from, or goes to.

use std::path::PathBuf;
use std::str::FromStr;

use ctnr_model::{ContainerPath, Invalid, SandboxQuery};

/// A side of a copy, as `docker cp` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `NAME:/path`. A path that does not begin with a slash is meant from the root.
    Sandbox {
        sandbox: SandboxQuery,
        path: ContainerPath,
        ending: Ending,
    },
    /// A path of this host. One with a colon in it needs a slash before the colon: `./a:b`.
    Host(PathBuf),
    /// `-`: a tar archive on standard input or output.
    Stream,
}

/// How a path ends, which says what is meant by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A name.
    Name,
    /// A slash: a directory.
    Slash,
    /// `/.`: what is in the directory.
    Dot,
}

impl Ending {
    /// The ending of a path as it was written.
    pub(crate) fn of(text: &str) -> Self {
        if text == "." || text.ends_with("/.") {
            Self::Dot
        } else if text.ends_with('/') {
            Self::Slash
        } else {
            Self::Name
        }
    }
}

impl FromStr for Place {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text == "-" {
            return Ok(Self::Stream);
        }
        if text.is_empty() {
            return Err(Invalid::new(
                "place",
                text,
                "expected a path, SANDBOX:PATH, or - for a tar stream",
            ));
        }
        match text.split_once(':') {
            Some((sandbox, path)) if !sandbox.contains('/') && !sandbox.starts_with('.') => {
                Ok(Self::Sandbox {
                    sandbox: SandboxQuery::parse(sandbox)?,
                    path: ContainerPath::root().join(path)?,
                    ending: Ending::of(path),
                })
            }
            _ => Ok(Self::Host(PathBuf::from(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox(text: &str) -> (String, String, Ending) {
        match text.parse().unwrap() {
            Place::Sandbox {
                sandbox,
                path,
                ending,
            } => (sandbox.as_str().to_owned(), path.to_string(), ending),
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn a_colon_before_any_slash_names_a_sandbox() {
        for (text, path, ending) in [
            ("web:/app/src", "/app/src", Ending::Name),
            ("web:app", "/app", Ending::Name),
            ("web:", "/", Ending::Name),
            ("web:/app/", "/app", Ending::Slash),
            ("web:/app/.", "/app", Ending::Dot),
            ("web:/a:b", "/a:b", Ending::Name),
            ("web:/../etc", "/etc", Ending::Name),
        ] {
            assert_eq!(sandbox(text), ("web".to_owned(), path.to_owned(), ending));
        }
    }

    #[test]
    fn anything_else_is_of_this_host() {
        for text in ["a", "./a:b", "/a:b", "..", "../a", "a/b:c"] {
            assert_eq!(text.parse(), Ok(Place::Host(PathBuf::from(text))), "{text}");
        }
        assert_eq!("-".parse(), Ok(Place::Stream));
        assert!("we b:/x".parse::<Place>().is_err());
        assert!("".parse::<Place>().is_err());
    }
}
