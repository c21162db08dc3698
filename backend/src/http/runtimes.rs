//! `/api/runtimes`: what containers run on.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{BuildRuntime, JobStarted, Runtime, RuntimeList};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::Result;
use super::extract::{OptionalBody, PathText};
use super::jobs::started;
use super::openapi::Errors;
use crate::app::RuntimeStatus;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, build))
        .routes(routes!(remove))
}

/// List the runtimes of this host
#[utoipa::path(
    get,
    path = "/api/runtimes",
    tag = "runtimes",
    operation_id = "list_runtimes",
    responses((status = 200, description = "The runtimes, newest first", body = RuntimeList), Errors)
)]
async fn list(State(api): State<Api>) -> Result<Json<RuntimeList>> {
    let runtimes = api.app.runtimes().await?;
    Ok(Json(RuntimeList {
        runtimes: runtimes.into_iter().map(show).collect(),
    }))
}

/// Build a runtime
///
/// A job does it, from Debian's packages, which takes minutes: `GET /api/jobs/{id}` shows how far it
/// is. Where the host has one of the same recipe, the job has nothing to do, unless `force` is set.
#[utoipa::path(
    post,
    path = "/api/runtimes",
    tag = "runtimes",
    operation_id = "build_runtime",
    request_body = Option<BuildRuntime>,
    responses((status = 202, description = "A job builds it", body = JobStarted), Errors)
)]
async fn build(
    State(api): State<Api>,
    OptionalBody(request): OptionalBody<BuildRuntime>,
) -> Result<(StatusCode, Json<JobStarted>)> {
    let force = request.unwrap_or_default().force;
    let job = api.app.build_runtime(force).await?;
    Ok(started(&job))
}

/// Remove a runtime
///
/// One that containers are on is refused, with their names.
#[utoipa::path(
    delete,
    path = "/api/runtimes/{id}",
    tag = "runtimes",
    operation_id = "remove_runtime",
    params(("id" = String, Path, description = "A name, a digest or the beginning of one")),
    responses((status = 204, description = "It is gone"), Errors)
)]
async fn remove(State(api): State<Api>, path: PathText) -> Result<StatusCode> {
    api.app.remove_runtime(path.get("id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A runtime as it is shown.
pub(super) fn show(runtime: RuntimeStatus) -> Runtime {
    Runtime {
        digest: runtime.digest.to_string(),
        image: runtime.image.to_string(),
        names: runtime.names,
        size: runtime.size,
        default: runtime.is_default,
        containers: runtime.containers,
        created_at: runtime.created_at,
    }
}
