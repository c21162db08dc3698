//! Looking at files, making directories, moving and removing.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{FileInfo, FileList, FilePathQuery, MakeDirectory, MoveFile, RemoveFileQuery};

use super::shape;
use crate::http::Api;
use crate::http::error::Result;
use crate::http::extract::{Body, Params, SandboxRef};
use crate::http::openapi::Errors;

/// List a directory
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/files/list",
    tag = "files",
    operation_id = "list_files",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), FilePathQuery),
    responses((status = 200, description = "What it holds, sorted by name", body = FileList), Errors)
)]
pub(in crate::http) async fn list(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<FilePathQuery>,
) -> Result<Json<FileList>> {
    let files = api.app.files(&query).await?.list(&params.path).await?;
    Ok(Json(FileList {
        path: params.path.to_string(),
        files: files.into_iter().map(shape::info).collect(),
    }))
}

/// Look at a file
///
/// A symlink is shown as itself.
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/files/stat",
    tag = "files",
    operation_id = "stat_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), FilePathQuery),
    responses((status = 200, description = "Its attributes", body = FileInfo), Errors)
)]
pub(in crate::http) async fn stat(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<FilePathQuery>,
) -> Result<Json<FileInfo>> {
    let file = api.app.files(&query).await?.stat(&params.path).await?;
    Ok(Json(shape::info(file)))
}

/// Make a directory
#[utoipa::path(
    post,
    path = "/v1/sandboxes/{id}/files/mkdir",
    tag = "files",
    operation_id = "make_directory",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = MakeDirectory,
    responses((status = 204, description = "It is there"), Errors)
)]
pub(in crate::http) async fn mkdir(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Body(request): Body<MakeDirectory>,
) -> Result<StatusCode> {
    let mode = shape::mode(request.mode.as_deref())?;
    let files = api.app.files(&query).await?;
    files.mkdir(&request.path, request.parents, mode).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Move or rename a file
#[utoipa::path(
    post,
    path = "/v1/sandboxes/{id}/files/move",
    tag = "files",
    operation_id = "move_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = MoveFile,
    responses((status = 204, description = "It is moved"), Errors)
)]
pub(in crate::http) async fn rename(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Body(request): Body<MoveFile>,
) -> Result<StatusCode> {
    let files = api.app.files(&query).await?;
    files
        .rename(&request.from, &request.to, request.overwrite)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a file, or a directory
#[utoipa::path(
    delete,
    path = "/v1/sandboxes/{id}/files",
    tag = "files",
    operation_id = "remove_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), RemoveFileQuery),
    responses((status = 204, description = "It is gone"), Errors)
)]
pub(in crate::http) async fn remove(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<RemoveFileQuery>,
) -> Result<StatusCode> {
    let files = api.app.files(&query).await?;
    files.remove(&params.path, params.recursive).await?;
    Ok(StatusCode::NO_CONTENT)
}
