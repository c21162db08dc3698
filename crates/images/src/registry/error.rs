//! What requests to a registry run into.

use std::time::Duration;

use super::endpoint::Endpoint;
use crate::ImageError;

/// A registry that did not answer as it should.
pub(super) fn problem(endpoint: &Endpoint, problem: impl Into<String>) -> ImageError {
    ImageError::Registry {
        registry: endpoint.name.clone(),
        problem: problem.into(),
    }
}

/// A request that failed on its way. The innermost cause says most.
pub(super) fn transport(endpoint: &Endpoint, doing: &str, error: &reqwest::Error) -> ImageError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let advice = if error.is_connect() {
        "check its name and the connection"
    } else {
        "try again"
    };
    problem(endpoint, format!("{doing} failed: {cause}; {advice}"))
}

/// Waits for an answer, but not for ever.
///
/// # Errors
/// [`ImageError::TimedOut`], and the request's own.
pub(super) async fn within<T>(
    limit: Duration,
    endpoint: &Endpoint,
    doing: &str,
    work: impl Future<Output = reqwest::Result<T>>,
) -> Result<T, ImageError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result.map_err(|error| transport(endpoint, doing, &error)),
        Err(_) => Err(ImageError::TimedOut {
            registry: endpoint.name.clone(),
            seconds: limit.as_secs(),
            doing: doing.to_owned(),
        }),
    }
}
