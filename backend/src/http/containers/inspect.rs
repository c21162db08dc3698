//! Looking at a container.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use ctnr_api::Container;

use super::convert::show;
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::ContainerRef;
use crate::http::openapi::Errors;

/// Look at a container
#[utoipa::path(
    get,
    path = "/api/containers/{id}",
    tag = "containers",
    operation_id = "inspect_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "The container", body = Container), Errors)
)]
pub(super) async fn inspect(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
) -> Result<Json<Container>> {
    Ok(Json(show(api.app.container(&query).await?)))
}

/// Read a container's manifest
///
/// The text of its `container.toml`, as it was given.
#[utoipa::path(
    get,
    path = "/api/containers/{id}/manifest",
    tag = "containers",
    operation_id = "read_manifest",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "The manifest", body = String, content_type = "application/toml"), Errors)
)]
pub(super) async fn manifest(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
) -> Result<Response> {
    let row = api.app.container(&query).await?;
    let label = row.label();
    let text = row.spec.manifest.ok_or_else(|| {
        ApiError::not_found(format!(
            "container {label} was made without a manifest; create it with one"
        ))
    })?;
    let kind = HeaderValue::from_static("application/toml");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
