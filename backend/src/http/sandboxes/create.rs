//! `POST /v1/sandboxes`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ctnr_api::{CreateSandbox, LimitsRequest, SandboxCreated};
use ctnr_model::ProcessOverrides;

use super::ports;
use crate::app::NewSandbox;
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::Body;
use crate::http::openapi::Errors;

/// Create and start a sandbox
///
/// When the answer comes, its program runs and its ports are published. The image must be there;
/// pull or import it first.
#[utoipa::path(
    post,
    path = "/v1/sandboxes",
    tag = "sandboxes",
    operation_id = "create_sandbox",
    request_body = CreateSandbox,
    responses((status = 201, description = "The sandbox runs", body = SandboxCreated), Errors)
)]
pub(super) async fn create(
    State(api): State<Api>,
    Body(wanted): Body<CreateSandbox>,
) -> Result<Response> {
    let sandbox = api.app.create_sandbox(convert(wanted)?).await?;
    let location = HeaderValue::from_str(&format!("/v1/sandboxes/{}", sandbox.spec.id))
        .map_err(|_| ApiError::internal())?;
    let created = SandboxCreated {
        id: sandbox.spec.id.to_string(),
        ports: ports::host_ports(&sandbox.ports),
    };
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(created),
    )
        .into_response())
}

fn convert(wanted: CreateSandbox) -> Result<NewSandbox> {
    let CreateSandbox {
        image,
        name,
        ports,
        cmd,
        entrypoint,
        env,
        workdir,
        user,
        labels,
        limits,
        network,
        engine,
    } = wanted;
    let words = cmd.iter().chain(&entrypoint).flatten();
    if words.into_iter().any(|word| word.contains('\0')) {
        return Err(ApiError::bad_request(
            "cmd and entrypoint must not contain a NUL character",
        ));
    }
    Ok(NewSandbox {
        image,
        name,
        process: ProcessOverrides {
            entrypoint,
            cmd,
            env: env.0,
            workdir,
            user,
            hostname: None,
        },
        ports,
        labels,
        limits: limits.as_ref().map_or_else(
            || LimitsRequest::default().resolve(),
            LimitsRequest::resolve,
        )?,
        network: network.unwrap_or_default(),
        engine,
    })
}
