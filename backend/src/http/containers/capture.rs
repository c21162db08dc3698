//! Capturing installers.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use ctnr_api::{
    Capture, CaptureList, CaptureRequest, CapturedProduct, CapturedProgram, JobStarted,
};
use ctnr_capture::registry::to_reg_file;

use crate::app;
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, ContainerRef, PathText};
use crate::http::jobs::started;
use crate::http::openapi::Errors;

/// The most seconds that can be asked for.
const MAX_SECONDS: f64 = 86_400.0;

/// Capture an installer
///
/// A job runs it in the container: `GET /api/jobs/{id}` shows how far it is, and `DELETE` calls it
/// off. What it leaves becomes the container's program, with entry points and file types. A capture
/// that comes to nothing leaves the container with what it held.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/capture",
    tag = "containers",
    operation_id = "capture_installer",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = CaptureRequest,
    responses((status = 202, description = "A job captures it", body = JobStarted), Errors)
)]
pub(super) async fn capture(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    Body(request): Body<CaptureRequest>,
) -> Result<(StatusCode, Json<JobStarted>)> {
    let request = app::CaptureRequest {
        upload: request.upload,
        name: request.name,
        kind: request.kind,
        arguments: request.arguments,
        by_hand: request.by_hand,
        timeout: seconds("timeout", request.timeout)?,
        settle: seconds("settle", request.settle)?,
    };
    let job = api.app.capture_container(&query, request).await?;
    Ok(started(&job))
}

/// Finish a capture that is driven by hand
///
/// Programs that run still are ended, and what has been written becomes the layer.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/capture/finish",
    tag = "containers",
    operation_id = "finish_capture",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 204, description = "The job goes on"), Errors)
)]
pub(super) async fn finish(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
) -> Result<StatusCode> {
    api.app.finish_capture(&query).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List what installers have left in a container
#[utoipa::path(
    get,
    path = "/api/containers/{id}/captures",
    tag = "containers",
    operation_id = "list_captures",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "The captures, the lowest layer first", body = CaptureList), Errors)
)]
pub(super) async fn list(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
) -> Result<Json<CaptureList>> {
    let captures = api.app.container_captures(&query).await?;
    Ok(Json(CaptureList {
        captures: captures.into_iter().map(show).collect::<Result<_>>()?,
    }))
}

/// What an installer wrote to the registry, as a file of regedit
#[utoipa::path(
    get,
    path = "/api/containers/{id}/captures/{layer}/registry",
    tag = "containers",
    operation_id = "capture_registry",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("layer" = String, Path, description = "The layer of the capture, or the start of its id")
    ),
    responses((status = 200, description = "The changes of the registry", content_type = "text/plain", body = String), Errors)
)]
pub(super) async fn registry(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    path: PathText,
) -> Result<impl IntoResponse> {
    let layer = path.get("layer");
    let captures = api.app.container_captures(&query).await?;
    let mut found = captures
        .into_iter()
        .filter(|capture| !layer.is_empty() && capture.layer.as_str().starts_with(layer));
    match (found.next(), found.next()) {
        (Some(capture), None) => {
            let text = to_reg_file(&capture.document.registry);
            Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text))
        }
        _ => Err(app::AppError::NotFound(format!(
            "the container has no one capture with a layer {layer}"
        ))
        .into()),
    }
}

fn show(capture: app::Capture) -> Result<Capture> {
    let document = capture.document;
    Ok(Capture {
        layer: capture.layer.to_string(),
        job: capture.job.to_string(),
        created_at: capture.created_at,
        installer: document.installer,
        kind: document.kind.to_string(),
        arguments: document.arguments,
        exit_code: document.exit_code,
        log: document.log,
        products: document.products.into_iter().map(product).collect(),
        programs: document.programs.into_iter().map(program).collect(),
        left_running: document.left_running,
        registry: serde_json::to_value(document.registry)
            .map_err(|error| app::AppError::Internal(format!("showing a capture: {error}")))?,
    })
}

fn product(product: ctnr_capture::Product) -> CapturedProduct {
    CapturedProduct {
        name: product.name,
        version: product.version,
        publisher: product.publisher,
        icon: product.icon,
        location: product.location,
    }
}

fn program(program: app::FoundProgram) -> CapturedProgram {
    CapturedProgram {
        name: program.name,
        program: program.program,
        arguments: program.arguments,
        description: program.description,
        icon: program.icon,
        kind: program.kind.to_string(),
    }
}

fn seconds(field: &str, given: Option<f64>) -> Result<Option<Duration>> {
    match given {
        None => Ok(None),
        Some(seconds) if (0.0..=MAX_SECONDS).contains(&seconds) => {
            Ok(Some(Duration::from_secs_f64(seconds)))
        }
        Some(_) => Err(ApiError::bad_request(format!(
            "{field}: expected 0 to 86400 seconds"
        ))),
    }
}
