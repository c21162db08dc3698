//! `POST /api/containers` and clones.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ctnr_api::{CloneContainer, Container, CreateContainer, IDEMPOTENCY_KEY};

use super::convert::{show, wanted};
use crate::app::{self, CloneRequest, RequestId};
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, ContainerRef, OptionalBody};
use crate::http::openapi::Errors;

/// How long the answer waits for the container to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// Create a container
///
/// It is recorded with the job that makes it. The answer waits up to ten seconds for that: its
/// `state` says whether it is `stopped`, ready to be used, or still `creating`. With
/// `Idempotency-Key`, a repetition gets the container of the first request and makes none.
#[utoipa::path(
    post,
    path = "/api/containers",
    tag = "containers",
    operation_id = "create_container",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 signs that the caller made up, for a request that may be repeated")),
    request_body = CreateContainer,
    responses((status = 201, description = "The container is recorded", body = Container), Errors)
)]
pub(super) async fn create(
    State(api): State<Api>,
    headers: HeaderMap,
    Body(request): Body<CreateContainer>,
) -> Result<Response> {
    let key = request_id(&headers)?;
    let row = api
        .app
        .create_container(wanted(request)?, key.as_ref())
        .await?;
    let row = api.app.wait_for_container(&row.id, PATIENCE).await?;
    created(row)
}

/// Clone a container
///
/// The new one has the same runtime, program and data; from then on each has its own. The
/// container that it is made from is stopped for that, and stays so.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/clone",
    tag = "containers",
    operation_id = "clone_container",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 signs that the caller made up, for a request that may be repeated")
    ),
    request_body = Option<CloneContainer>,
    responses((status = 201, description = "The new container", body = Container), Errors)
)]
pub(super) async fn clone(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    headers: HeaderMap,
    OptionalBody(request): OptionalBody<CloneContainer>,
) -> Result<Response> {
    let key = request_id(&headers)?;
    let request = request.unwrap_or_default();
    let request = CloneRequest {
        name: request.name,
        labels: request.labels,
    };
    created(
        api.app
            .clone_container(&query, request, key.as_ref())
            .await?,
    )
}

fn created(row: app::Container) -> Result<Response> {
    let location = HeaderValue::from_str(&format!("/api/containers/{}", row.id))
        .map_err(|_| ApiError::internal())?;
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(show(row)),
    )
        .into_response())
}

fn request_id(headers: &HeaderMap) -> Result<Option<RequestId>> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(RequestId::parse);
    id.map(Some).ok_or_else(|| {
        ApiError::bad_request("Idempotency-Key: expected 1 to 255 printable signs of ASCII")
    })
}
