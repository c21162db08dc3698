//! `/api/jobs`.

mod manage;
mod shape;
mod watch;

use axum::Json;
use axum::http::StatusCode;
use ctnr_api::JobStarted;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use crate::store::JobRow;

/// The routes of jobs.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(manage::list))
        .routes(routes!(manage::show, manage::cancel))
        .routes(routes!(manage::retry))
        .routes(routes!(watch::watch))
}

/// The answer where a job does what was asked for.
pub(super) fn started(job: &JobRow) -> (StatusCode, Json<JobStarted>) {
    let job = job.id.to_string();
    (StatusCode::ACCEPTED, Json(JobStarted { job }))
}
