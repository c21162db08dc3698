//! Why a runtime was not made.

use std::io;

/// Why a runtime was not made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// This machine's processor runs no Win32 programs.
    #[error("the Wine runtime is for amd64, and this machine is {0}: its programs can't run here")]
    Architecture(&'static str),
    /// Programs are missing.
    #[error(
        "making the Wine runtime needs {}: install them as root with `apt-get install {}`, or by the \
         same names with the package manager of this machine",
        .0.join(" and "), .0.join(" ")
    )]
    Missing(Vec<&'static str>),
    /// Apt did not say where its packages come from.
    #[error(transparent)]
    Mirrors(#[from] ctnr_debian::DebianError),
    /// A program failed.
    #[error("making the Wine runtime failed while {doing}: `{program}` {status}\n{said}")]
    Program {
        /// The stage.
        doing: &'static str,
        /// What failed.
        program: &'static str,
        /// How it ended.
        status: String,
        /// Its last lines.
        said: String,
    },
    /// Its caller cancelled it.
    #[error("making the Wine runtime was cancelled")]
    Cancelled,
    /// The host's file system or a process failed.
    #[error("making the Wine runtime failed while {doing}: {error}")]
    Io {
        /// What was done.
        doing: String,
        /// Why it failed.
        error: io::Error,
    },
    /// The image can't be put together.
    #[error(transparent)]
    Image(#[from] ctnr_images::ImageError),
}

/// Says what was done where it failed.
pub(crate) trait Doing<T> {
    /// Makes the error one of [`BuildError::Io`].
    fn doing(self, doing: impl Into<String>) -> Result<T, BuildError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl Into<String>) -> Result<T, BuildError> {
        self.map_err(|error| BuildError::Io {
            doing: doing.into(),
            error,
        })
    }
}
