//! The one table from errors to answers.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ctnr_api::ErrorCode;
use ctnr_engine::EngineError;

use crate::app::AppError;

/// The result of a route.
pub(super) type Result<T> = std::result::Result<T, ApiError>;

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    code: ErrorCode,
    message: String,
    /// Seconds after which trying again makes sense.
    retry_after: Option<u64>,
}

impl ApiError {
    /// The table: the status that goes with a code.
    ///
    /// `UNSUPPORTED` is 422 and not 501, which speaks of the server as a whole and which clients
    /// and monitors take for a failure of it.
    pub(super) fn status_of(code: ErrorCode) -> StatusCode {
        match code {
            ErrorCode::BadRequest => StatusCode::BAD_REQUEST,
            ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Conflict => StatusCode::CONFLICT,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorCode::InternalError | ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status: Self::status_of(code),
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    pub(super) fn rate_limited(seconds: u64) -> Self {
        let mut error = Self::new(
            ErrorCode::RateLimited,
            format!(
                "too many requests; try again in {seconds} s, or raise CONTAINERS_RATE_LIMIT on the server"
            ),
        );
        error.retry_after = Some(seconds);
        error
    }

    pub(super) fn key_rate_limited(key: &ctnr_model::KeyName, seconds: u64) -> Self {
        let mut error = Self::new(
            ErrorCode::RateLimited,
            format!(
                "too many requests with the key {key}; try again in {seconds} s, or use a key with a higher rate"
            ),
        );
        error.retry_after = Some(seconds);
        error
    }

    /// The caller's own body came to a standstill: 408, since the server is not at fault.
    pub(super) fn stalled(seconds: u64) -> Self {
        let mut error = Self::new(
            ErrorCode::Timeout,
            format!("the rest of the body did not come within {seconds} s; send it again"),
        );
        error.status = StatusCode::REQUEST_TIMEOUT;
        error
    }

    pub(super) fn internal() -> Self {
        Self::new(
            ErrorCode::InternalError,
            "something went wrong inside; the server's log has the cause under this request's id",
        )
    }

    /// The error as a body.
    pub(super) fn into_body(self) -> ctnr_api::Error {
        ctnr_api::Error {
            code: self.code,
            message: self.message,
        }
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        let (code, message) = match error {
            AppError::BadRequest(message)
            | AppError::CommandNotFound(message)
            | AppError::CommandNotExecutable(message) => (ErrorCode::BadRequest, message),
            AppError::NotFound(message) => (ErrorCode::NotFound, message),
            AppError::Conflict(message) => (ErrorCode::Conflict, message),
            AppError::TooLarge(message) => (ErrorCode::TooLarge, message),
            AppError::Unsupported(message) => (ErrorCode::Unsupported, message),
            AppError::Timeout(message) => (ErrorCode::Timeout, message),
            AppError::Unavailable(message) => (ErrorCode::Unavailable, message),
            AppError::Forbidden(message) => (ErrorCode::Forbidden, message),
            AppError::Internal(message) => (ErrorCode::InternalError, message),
        };
        Self::new(code, message)
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        AppError::from(error).into()
    }
}

impl From<ctnr_model::Invalid> for ApiError {
    fn from(error: ctnr_model::Invalid) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self.status {
            StatusCode::INTERNAL_SERVER_ERROR => tracing::error!("{}", self.message),
            status if status.is_server_error() => {
                tracing::warn!(code = %self.code, "{}", self.message);
            }
            _ => {}
        }
        let (status, retry_after) = (self.status, self.retry_after);
        let mut response = (status, Json(self.into_body())).into_response();
        if let Some(seconds) = retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
