//! The one error of this crate.

use std::io;
use std::path::{Path, PathBuf};

use ctnr_model::{ByteSize, Digest};

/// Why an image could not be read, stored, built or fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// No image of the store has this name, id or digest.
    #[error(
        "no image {name:?} in the store: pull or import it first (`ctnr image pull`, `ctnr image import`)"
    )]
    NotFound {
        /// What was asked for.
        name: String,
    },
    /// An id prefix means more than one image.
    #[error("{prefix:?} means more than one image: give more digits of the id")]
    Ambiguous {
        /// What was asked for.
        prefix: String,
    },
    /// An image can't be removed because something runs from it.
    #[error("image {name} is in use: remove the sandboxes made from it first")]
    InUse {
        /// The image.
        name: String,
    },
    /// An archive, layer or document is not what it should be.
    #[error("{what} is corrupt: {reason}; get it again from where it came from")]
    Corrupt {
        /// The archive, layer or document.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Bytes do not hash to what their reference says.
    #[error(
        "{what} has the digest {actual} and not {expected} as stated: it was changed or cut short on its way; get it again"
    )]
    DigestMismatch {
        /// What was read.
        what: String,
        /// The stated digest.
        expected: Digest,
        /// The digest of the bytes.
        actual: Digest,
    },
    /// A limit of the store would be passed.
    #[error("{what} is larger than the limit of {limit}: {advice}")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit, with its unit.
        limit: String,
        /// What can be done.
        advice: &'static str,
    },
    /// The disk is too full to go on.
    #[error(
        "only {available} are free below {path}, and the image needs more: free some space, for example with `ctnr image prune`"
    )]
    NoSpace {
        /// The store's directory.
        path: PathBuf,
        /// What is free.
        available: ByteSize,
    },
    /// A form of image that this program does not handle.
    #[error("{what} is not supported: {advice}")]
    Unsupported {
        /// The form.
        what: String,
        /// What can be done.
        advice: String,
    },
    /// The work was stopped by its caller.
    #[error("{what} was cancelled; nothing was kept")]
    Cancelled {
        /// The work.
        what: &'static str,
    },
    /// A registry did not answer as it should.
    #[error("registry {registry}: {problem}")]
    Registry {
        /// Its host and port.
        registry: String,
        /// What happened and what can be done.
        problem: String,
    },
    /// A registry has nothing of that name.
    #[error("registry {registry} has no {name} ({doing}): check the name and the tag")]
    NotInRegistry {
        /// Its host and port.
        registry: String,
        /// What was asked for.
        name: String,
        /// What was being fetched.
        doing: String,
    },
    /// A registry wants other credentials.
    #[error(
        "registry {registry} refuses access to {repository}: check the name, and log in with `docker login {registry}` if the image is private"
    )]
    Unauthorized {
        /// Its host and port.
        registry: String,
        /// The image's repository.
        repository: String,
    },
    /// A registry stopped answering.
    #[error(
        "registry {registry} did not answer for {seconds} s while {doing}: check the connection and try again"
    )]
    TimedOut {
        /// Its host and port.
        registry: String,
        /// For how long nothing came.
        seconds: u64,
        /// What was being fetched.
        doing: String,
    },
    /// A system call on the store or an archive failed.
    #[error("can't {doing} {path}: {source}")]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl ImageError {
    /// Wraps an I/O error. An [`ImageError`] that travelled inside it (through a `Read` or `Write`)
    /// comes out as it was.
    pub(crate) fn io(doing: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        match source.downcast::<Self>() {
            Ok(inner) => inner,
            Err(source) => Self::Io {
                doing,
                path: path.to_owned(),
                source,
            },
        }
    }

    /// A reader's error, where a bad form means that `what` is corrupt and not that the disk is.
    pub(crate) fn reading(what: &str, source: io::Error) -> Self {
        match source.downcast::<Self>() {
            Ok(inner) => inner,
            Err(source) => Self::Corrupt {
                what: what.to_owned(),
                reason: source.to_string(),
            },
        }
    }

    /// `what` is not well-formed, because of `reason`.
    pub(crate) fn corrupt(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            what: what.into(),
            reason: reason.into(),
        }
    }
}

impl From<ImageError> for io::Error {
    /// Lets the error pass through `Read` and `Write`; [`ImageError::io`] takes it out again.
    fn from(error: ImageError) -> Self {
        Self::other(error)
    }
}
