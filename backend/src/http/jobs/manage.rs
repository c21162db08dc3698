//! Listing jobs, and what can be asked of one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{Job, JobList, JobListQuery};

use super::shape;
use crate::app::{JobFilter, PageRequest};
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Params, PathText};
use crate::http::openapi::Errors;

/// List jobs
///
/// Newest first. Those that have been over for a week are removed.
#[utoipa::path(
    get,
    path = "/api/jobs",
    tag = "jobs",
    operation_id = "list_jobs",
    params(JobListQuery),
    responses((status = 200, description = "The jobs", body = JobList), Errors)
)]
pub(super) async fn list(
    State(api): State<Api>,
    Params(query): Params<JobListQuery>,
) -> Result<Json<JobList>> {
    if let Some(limit) = query.limit
        && !(1..=PageRequest::MAX_LIMIT).contains(&limit)
    {
        return Err(ApiError::bad_request(format!(
            "invalid query: limit: expected 1 to {}",
            PageRequest::MAX_LIMIT
        )));
    }
    let filter = JobFilter {
        states: query.state,
        kinds: query.kind,
        container: query.container,
    };
    let page = PageRequest {
        limit: query.limit,
        cursor: query.cursor,
    };
    let page = api.app.list_jobs(&filter, &page).await?;
    Ok(Json(JobList {
        jobs: page.items.into_iter().map(shape::job).collect(),
        next: page.next,
    }))
}

/// Show a job
#[utoipa::path(
    get,
    path = "/api/jobs/{id}",
    tag = "jobs",
    operation_id = "show_job",
    params(("id" = String, Path, description = "An id, or the unique start of one")),
    responses((status = 200, description = "The job", body = Job), Errors)
)]
pub(super) async fn show(State(api): State<Api>, path: PathText) -> Result<Json<Job>> {
    Ok(Json(shape::job(api.app.job(path.get("id")).await?)))
}

/// Call a job off
///
/// One that waits is over at once (`200`). One that runs is told, and ends as soon as it can
/// (`202`): what it has begun is put in order first.
#[utoipa::path(
    delete,
    path = "/api/jobs/{id}",
    tag = "jobs",
    operation_id = "cancel_job",
    params(("id" = String, Path, description = "An id, or the unique start of one")),
    responses(
        (status = 200, description = "It is cancelled", body = Job),
        (status = 202, description = "It is told to end", body = Job),
        Errors
    )
)]
pub(super) async fn cancel(
    State(api): State<Api>,
    path: PathText,
) -> Result<(StatusCode, Json<Job>)> {
    let job = api.app.cancel_job(path.get("id")).await?;
    let status = if job.state.is_over() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(shape::job(job))))
}

/// Try a job again
///
/// One that failed, died or was cancelled is put in the queue again, with all its attempts.
#[utoipa::path(
    post,
    path = "/api/jobs/{id}/retry",
    tag = "jobs",
    operation_id = "retry_job",
    params(("id" = String, Path, description = "An id, or the unique start of one")),
    responses((status = 202, description = "It is in the queue again", body = Job), Errors)
)]
pub(super) async fn retry(
    State(api): State<Api>,
    path: PathText,
) -> Result<(StatusCode, Json<Job>)> {
    let job = api.app.retry_job(path.get("id")).await?;
    Ok((StatusCode::ACCEPTED, Json(shape::job(job))))
}
