//! What the processes of the platform ask of each other, below `/internal`. It is no part of the
//! API: it is not documented to callers, and to one without the secret of this process it is not
//! there.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use ctnr_model::JobId;

use super::Api;
use super::error::{ApiError, Result};
use super::extract::{Body, PathText};
use crate::jobs::{INTERNAL_HEADER, PERFORM_PATIENCE, PerformAnswer, PerformRequest};
use crate::store::Lease;

/// The routes.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/internal/jobs/{id}/perform", post(perform))
}

/// Whether a path belongs here.
pub(super) fn is_internal(path: &str) -> bool {
    path == "/internal" || path.starts_with("/internal/")
}

/// Refuses a caller who is not of the platform, as if there were no such route.
pub(super) fn check(api: &Api, headers: &HeaderMap) -> Result<()> {
    let secret = headers.get(INTERNAL_HEADER);
    if secret.is_some_and(|secret| api.app.is_of_platform(secret.as_bytes())) {
        Ok(())
    } else {
        Err(ApiError::not_found(
            "there is no such route; /openapi.json lists them",
        ))
    }
}

/// Does the host's part of a job for the one that holds its lease. The answer comes when the
/// attempt has ended, or after a while; the caller asks again then.
async fn perform(
    State(api): State<Api>,
    path: PathText,
    Body(request): Body<PerformRequest>,
) -> Result<Json<PerformAnswer>> {
    let lease = Lease {
        job: JobId::parse(path.get("id"))?,
        fence: request.fence,
    };
    let performed = api.app.perform_job(&lease, PERFORM_PATIENCE).await?;
    Ok(Json(PerformAnswer { performed }))
}
