//! The one shape of every error.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of error it is. Codes are stable; there may be more of them in later versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ErrorCode {
    /// The request is wrong in itself; the message names the field.
    BadRequest,
    /// The API key is missing or wrong, or one has to be configured.
    Unauthorized,
    /// The caller, the page in the browser, or a registry's credentials may not do this.
    Forbidden,
    /// No such sandbox, command, image, file or route.
    NotFound,
    /// The route does not take this method.
    MethodNotAllowed,
    /// A name or port is taken, or the state does not allow it.
    Conflict,
    /// The body is larger than what is taken.
    TooLarge,
    /// Too many requests; `Retry-After` says when to come back.
    RateLimited,
    /// The sandbox's engine cannot do it.
    Unsupported,
    /// It took too long.
    Timeout,
    /// The engine, its daemon or a registry does not answer.
    Unavailable,
    /// Something failed that should not have.
    InternalError,
    /// A code that this version does not know.
    #[serde(other)]
    Unknown,
}

impl ErrorCode {
    /// The code as it stands in the answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::Conflict => "CONFLICT",
            Self::TooLarge => "TOO_LARGE",
            Self::RateLimited => "RATE_LIMITED",
            Self::Unsupported => "UNSUPPORTED",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::InternalError => "INTERNAL_ERROR",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The body of every answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(
    example = json!({"code": "NOT_FOUND", "message": "sandbox not found"})
))]
pub struct Error {
    /// What kind of error it is.
    pub code: ErrorCode,
    /// What went wrong and what can be done about it, for people.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_documented() {
        for code in [
            ErrorCode::BadRequest,
            ErrorCode::MethodNotAllowed,
            ErrorCode::InternalError,
            ErrorCode::RateLimited,
        ] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        let later: Error =
            serde_json::from_str(r#"{"code":"TEAPOT","message":"short and stout"}"#).unwrap();
        assert_eq!(later.code, ErrorCode::Unknown);
    }
}
