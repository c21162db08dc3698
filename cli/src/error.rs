//! The errors of this program, and the exit code of each.

use std::io;

use ctnr_api::ErrorCode;
use ctnr_client::ClientError;
use ctnr_model::Invalid;

/// The result of a verb.
pub(crate) type Result<T> = std::result::Result<T, CliError>;

/// The exit code where `ctnr` itself failed, as Docker's, so that it is told from a command's own.
pub(crate) const OWN_FAILURE: u8 = 125;

/// What the API says of a sandbox that does not exist.
const NO_SANDBOX: &str = "sandbox not found";
/// What the API says of a container that does not exist.
const NO_CONTAINER: &str = "container not found";
/// What the API says of a key that does not exist.
const NO_KEY: &str = "key not found";

/// What went wrong. The message is what the user sees behind `ctnr: `.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The backend refused, or could not be reached.
    #[error("{error}{}", advice(error))]
    Client {
        #[from]
        error: ClientError,
    },
    /// A value on the command line is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Options that do not go together, or one that is missing.
    #[error("{0}")]
    Usage(String),
    /// A file, pipe or terminal of this host failed.
    #[error("{doing} {subject} failed: {source}")]
    Local {
        doing: &'static str,
        subject: String,
        source: io::Error,
    },
    /// An archive from a sandbox holds what must not be unpacked here.
    #[error("the archive from the sandbox was not unpacked: {0}")]
    Hostile(String),
    /// Standard output is closed: `ctnr … | head`.
    #[error("standard output is closed")]
    Closed,
    /// Some of several things failed; each has been told.
    #[error("{failed} of {all} failed")]
    Some { failed: usize, all: usize },
    /// The user, or the system, ended it by this signal.
    #[error("interrupted")]
    Interrupted(i32),
    /// The failure of one thing, by its name.
    #[error("{subject}: {error}")]
    Of {
        subject: String,
        error: Box<CliError>,
    },
    /// A question was answered with no.
    #[error("nothing was done")]
    Declined,
}

impl CliError {
    /// The failure of something on this host.
    pub(crate) fn local(
        doing: &'static str,
        subject: impl Into<String>,
        source: io::Error,
    ) -> Self {
        Self::Local {
            doing,
            subject: subject.into(),
            source,
        }
    }

    /// A failure to print.
    pub(crate) fn printing(source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::local("writing to", "standard output", source)
        }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            // Whoever reads has had enough; that is no failure.
            Self::Closed => 0,
            Self::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(OWN_FAILURE),
            Self::Of { error, .. } => error.code(),
            _ => OWN_FAILURE,
        }
    }

    /// Whether the user knows without being told.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Closed | Self::Interrupted(_))
    }

    /// Whether the backend has no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        match self {
            Self::Client { error } => error.code() == Some(ErrorCode::NotFound),
            Self::Of { error, .. } => error.is_not_found(),
            _ => false,
        }
    }
}

/// Naming what a failure is about.
pub(crate) trait About<T> {
    /// Where the backend refused without saying what it is about, puts `subject` before it.
    fn about(self, subject: &str) -> Result<T>;
}

impl<T, E: Into<CliError>> About<T> for std::result::Result<T, E> {
    fn about(self, subject: &str) -> Result<T> {
        self.map_err(|error| match error.into() {
            CliError::Client {
                error: ClientError::Refused(refused),
            } if !refused.message.contains(subject) => CliError::Of {
                subject: subject.to_owned(),
                error: Box::new(ClientError::Refused(refused).into()),
            },
            error => error,
        })
    }
}

/// What the user of this program can do, beyond what the backend's message says.
fn advice(error: &ClientError) -> &'static str {
    match error {
        ClientError::Unreachable { is_down: true, .. } => {
            "; start it with `cargo run -p backend`, or with the demo by `cargo xtask up`, or name another with --host or CONTAINERS_URL"
        }
        ClientError::Unreachable { .. } => "; check the address in --host or CONTAINERS_URL",
        ClientError::Refused(error) if error.code == ErrorCode::Unauthorized => {
            "; ctnr sends what CONTAINERS_API_KEY is set to here"
        }
        ClientError::Refused(error) if error.message == NO_SANDBOX => {
            "; `ctnr sandbox ls --all` lists those that exist"
        }
        ClientError::Refused(error) if error.message == NO_CONTAINER => {
            "; `ctnr list` lists those that exist"
        }
        ClientError::Refused(error) if error.message == NO_KEY => {
            "; `ctnr key ls` lists those that exist"
        }
        _ => "",
    }
}
