//! Containers on their way out.

use axum::Json;
use axum::body::Body as Content;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ctnr_api::{ExportContainerQuery, JobStarted, PushContainer};

use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, ContainerRef, Params};
use crate::http::jobs::started;
use crate::http::openapi::{Bytes, Errors};

/// Export a container
///
/// The answer is a file that `POST /api/artifacts/import` and OCI tools take: an OCI image layout in
/// a tar, of which every byte follows from what the container holds. It is packed before the first
/// byte comes.
#[utoipa::path(
    get,
    path = "/api/containers/{id}/export",
    tag = "containers",
    operation_id = "export_container",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ExportContainerQuery
    ),
    responses(
        (status = 200, description = "The artifact", body = inline(Bytes), content_type = "application/x-tar"),
        Errors
    )
)]
pub(super) async fn export(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    Params(params): Params<ExportContainerQuery>,
) -> Result<Response> {
    let export = api.app.export_container(&query, params.with_data).await?;
    // Names of containers have no sign that would end the text.
    let disposition = format!("attachment; filename=\"{}\"", export.file);
    let disposition = HeaderValue::from_str(&disposition).map_err(|_| ApiError::internal())?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-tar"),
        ),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, Content::from_stream(export.content)).into_response())
}

/// Send a container to a registry
///
/// A job sends it, with what `~/.docker/config.json` of the backend's user holds for the registry. Layers
/// that the registry has are not sent, and those that are known to be there not even packed.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/push",
    tag = "containers",
    operation_id = "push_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = PushContainer,
    responses((status = 202, description = "A job sends it", body = JobStarted), Errors)
)]
pub(super) async fn push(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    Body(request): Body<PushContainer>,
) -> Result<(StatusCode, Json<JobStarted>)> {
    let job = api
        .app
        .push_container(&query, &request.reference, request.with_data)
        .await?;
    Ok(started(&job))
}
