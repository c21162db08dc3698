//! The errors of this crate.

use ctnr_api::ErrorCode;

/// The result of a call.
pub type Result<T> = std::result::Result<T, ClientError>;

/// A call that failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nothing answers at the address, or the way there is broken.
    #[error("no backend answers at {address}: {reason}")]
    Unreachable {
        /// The address.
        address: String,
        /// Whether it is this host's own, and nothing listens there: the backend is not started.
        is_down: bool,
        /// What the system says.
        reason: String,
    },
    /// The backend answered with an error; its message says what to do.
    #[error("{0}")]
    Refused(ctnr_api::Error),
    /// Something answers that is not this product's API.
    #[error(
        "{address} answered HTTP {status} without an error of ctnr's API; is another program listening there?"
    )]
    NotTheApi {
        /// The address.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer was not what this version of the client expects.
    #[error(
        "the backend's answer to {route} can't be read: {source}; are the client and the backend of the same version?"
    )]
    Unreadable {
        /// The route.
        route: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line or message of a stream is longer than any that the backend sends.
    #[error("the backend's answer to {route} has a line of over {limit} bytes; is it ctnr's?")]
    TooLong {
        /// The route.
        route: String,
        /// The longest that is taken, in bytes.
        limit: usize,
    },
    /// The connection broke in the middle.
    #[error("the connection to the backend was lost during {route}: {reason}; try again")]
    Lost {
        /// The route.
        route: String,
        /// What the system says.
        reason: String,
    },
    /// What was to be sent could not be read from where it comes from.
    #[error("can't read what was to be sent: {0}")]
    Source(std::io::Error),
    /// The client itself could not be set up.
    #[error("can't set up HTTP: {0}")]
    Setup(String),
}

impl ClientError {
    /// The code of an error that the backend answered with.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(error) => Some(error.code),
            _ => None,
        }
    }

    /// Whether trying again later may help: the way to the backend is broken, or it is going away.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Lost { .. })
            || matches!(
                self.code(),
                Some(ErrorCode::Unavailable | ErrorCode::RateLimited)
            )
    }
}

/// Whether an error comes from a connection that nothing listened for.
pub(crate) fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .filter_map(|error| error.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// The innermost cause of an error, which is what the system said.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
