//! Reading and writing a file.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ctnr_api::{FilePathQuery, FileWritten, WriteFileQuery};

use super::shape;
use crate::http::error::Result;
use crate::http::extract::{Params, SandboxRef};
use crate::http::openapi::{Bytes, Errors};
use crate::http::{Api, upload};

/// Read a file
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/files",
    tag = "files",
    operation_id = "read_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), FilePathQuery),
    responses(
        (status = 200, description = "Its content", body = inline(Bytes), content_type = "application/octet-stream"),
        Errors
    )
)]
pub(in crate::http) async fn read(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<FilePathQuery>,
) -> Result<Response> {
    let content = api.app.files(&query).await?.read(&params.path).await?;
    Ok(download(content, "application/octet-stream"))
}

/// Bytes that a browser saves and never shows: they come from inside.
pub(super) fn download(
    content: ctnr_engine::Stream<ctnr_engine::Result<bytes::Bytes>>,
    content_type: &'static str,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment"),
        ),
    ];
    (StatusCode::OK, headers, Body::from_stream(content)).into_response()
}

/// Write a file
///
/// The body is its whole content: it appears with all of it or not at all. Missing directories
/// above it are made.
#[utoipa::path(
    put,
    path = "/v1/sandboxes/{id}/files",
    tag = "files",
    operation_id = "write_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), WriteFileQuery),
    request_body(content = inline(Bytes), content_type = "application/octet-stream"),
    responses((status = 200, description = "It is written", body = FileWritten), Errors)
)]
pub(in crate::http) async fn write(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<WriteFileQuery>,
    request: Request,
) -> Result<Json<FileWritten>> {
    let mode = shape::mode(params.mode.as_deref())?;
    let files = api.app.files(&query).await?;
    let (content, fate) = upload::reader(request.into_body());
    let written = files.write(&params.path, mode, content).await;
    let size = fate.judge(written.map_err(Into::into))?;
    Ok(Json(FileWritten { size }))
}
