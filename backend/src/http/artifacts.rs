//! `/api/artifacts`: containers out of what was exported elsewhere.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{HostFolders, ImportContainer, JobStarted, PullContainer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::Result;
use super::extract::Body;
use super::jobs::started;
use super::openapi::Errors;
use crate::app::{self, Wishes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(import))
        .routes(routes!(pull))
}

/// Make a container of an artifact
///
/// The artifact was uploaded before (`POST /api/uploads`). A job makes the container: `GET
/// /api/jobs/{id}` shows how far it is, its `result` names the container and what that asks for, and
/// `DELETE` calls it off. An import that comes to nothing leaves nothing. Layers that the host has are not
/// unpacked again.
#[utoipa::path(
    post,
    path = "/api/artifacts/import",
    tag = "containers",
    operation_id = "import_container",
    request_body = ImportContainer,
    responses((status = 202, description = "A job makes it", body = JobStarted), Errors)
)]
async fn import(
    State(api): State<Api>,
    Body(request): Body<ImportContainer>,
) -> Result<(StatusCode, Json<JobStarted>)> {
    let wishes = Wishes {
        name: request.name,
        runtime: request.runtime,
        host_folders: consent(request.host_folders),
    };
    let job = api.app.import_container(&request.upload, wishes).await?;
    Ok(started(&job))
}

/// Make a container of an artifact in a registry
///
/// The backend fetches it, with what `~/.docker/config.json` of its own user holds for the registry.
/// All else is as for an import; layers that the host has are not fetched.
#[utoipa::path(
    post,
    path = "/api/artifacts/pull",
    tag = "containers",
    operation_id = "pull_container",
    request_body = PullContainer,
    responses((status = 202, description = "A job makes it", body = JobStarted), Errors)
)]
async fn pull(
    State(api): State<Api>,
    Body(request): Body<PullContainer>,
) -> Result<(StatusCode, Json<JobStarted>)> {
    let wishes = Wishes {
        name: request.name,
        runtime: request.runtime,
        host_folders: consent(request.host_folders),
    };
    let job = api.app.pull_container(&request.reference, wishes).await?;
    Ok(started(&job))
}

fn consent(choice: HostFolders) -> app::HostFolders {
    match choice {
        HostFolders::Refuse => app::HostFolders::Refuse,
        HostFolders::Allow => app::HostFolders::Allow,
        HostFolders::Drop => app::HostFolders::Drop,
    }
}
