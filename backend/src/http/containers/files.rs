//! `/api/containers/{id}/files`: the files of a container, by their paths on the Linux side: `C:\\` is
//! `/wine/drive_c`. A container that was never started is started first.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use ctnr_api::{
    ArchiveQuery, FileChange, FileInfo, FileList, FilePathQuery, FileWritten, MakeDirectory,
    MoveFile, RemoveFileQuery, WatchQuery, WriteFileQuery,
};

use super::sandbox::Inside;
use crate::http::error::Result;
use crate::http::extract::{Body, Params};
use crate::http::openapi::{Bytes, Errors};
use crate::http::{Api, files};

/// Read a file
#[utoipa::path(
    get,
    path = "/api/containers/{id}/files",
    tag = "containers",
    operation_id = "read_container_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), FilePathQuery),
    responses((status = 200, description = "Its content", body = inline(Bytes), content_type = "application/octet-stream"), Errors)
)]
pub(super) async fn read(
    state: State<Api>,
    Inside(sandbox): Inside,
    params: Params<FilePathQuery>,
) -> Result<Response> {
    files::content::read(state, sandbox, params).await
}

/// Write a file
#[utoipa::path(
    put,
    path = "/api/containers/{id}/files",
    tag = "containers",
    operation_id = "write_container_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), WriteFileQuery),
    request_body(content = inline(Bytes), content_type = "application/octet-stream"),
    responses((status = 200, description = "It is written", body = FileWritten), Errors)
)]
pub(super) async fn write(
    state: State<Api>,
    Inside(sandbox): Inside,
    params: Params<WriteFileQuery>,
    request: Request,
) -> Result<Json<FileWritten>> {
    files::content::write(state, sandbox, params, request).await
}

/// Remove a file, or a directory
#[utoipa::path(
    delete,
    path = "/api/containers/{id}/files",
    tag = "containers",
    operation_id = "remove_container_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), RemoveFileQuery),
    responses((status = 204, description = "It is gone"), Errors)
)]
pub(super) async fn remove(
    state: State<Api>,
    Inside(sandbox): Inside,
    params: Params<RemoveFileQuery>,
) -> Result<StatusCode> {
    files::manage::remove(state, sandbox, params).await
}

/// List a directory
#[utoipa::path(
    get,
    path = "/api/containers/{id}/files/list",
    tag = "containers",
    operation_id = "list_container_files",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), FilePathQuery),
    responses((status = 200, description = "What it holds, sorted by name", body = FileList), Errors)
)]
pub(super) async fn list(
    state: State<Api>,
    Inside(sandbox): Inside,
    params: Params<FilePathQuery>,
) -> Result<Json<FileList>> {
    files::manage::list(state, sandbox, params).await
}

/// Look at a file
#[utoipa::path(
    get,
    path = "/api/containers/{id}/files/stat",
    tag = "containers",
    operation_id = "stat_container_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), FilePathQuery),
    responses((status = 200, description = "Its attributes", body = FileInfo), Errors)
)]
pub(super) async fn stat(
    state: State<Api>,
    Inside(sandbox): Inside,
    params: Params<FilePathQuery>,
) -> Result<Json<FileInfo>> {
    files::manage::stat(state, sandbox, params).await
}

/// Make a directory
#[utoipa::path(
    post,
    path = "/api/containers/{id}/files/mkdir",
    tag = "containers",
    operation_id = "make_container_directory",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = MakeDirectory,
    responses((status = 204, description = "It is there"), Errors)
)]
pub(super) async fn mkdir(
    state: State<Api>,
    Inside(sandbox): Inside,
    request: Body<MakeDirectory>,
) -> Result<StatusCode> {
    files::manage::mkdir(state, sandbox, request).await
}

/// Move or rename a file
#[utoipa::path(
    post,
    path = "/api/containers/{id}/files/move",
    tag = "containers",
    operation_id = "move_container_file",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = MoveFile,
    responses((status = 204, description = "It is moved"), Errors)
)]
pub(super) async fn rename(
    state: State<Api>,
    Inside(sandbox): Inside,
    request: Body<MoveFile>,
) -> Result<StatusCode> {
    files::manage::rename(state, sandbox, request).await
}

/// Download a file or a directory as a tar archive
#[utoipa::path(
    get,
    path = "/api/containers/{id}/files/archive",
    tag = "containers",
    operation_id = "download_container_archive",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), ArchiveQuery),
    responses((status = 200, description = "The archive, whose paths begin with the last component", body = inline(Bytes), content_type = "application/x-tar"), Errors)
)]
pub(super) async fn download_archive(
    state: State<Api>,
    Inside(sandbox): Inside,
    params: Params<ArchiveQuery>,
) -> Result<Response> {
    files::archive::download_archive(state, sandbox, params).await
}

/// Unpack a tar archive
#[utoipa::path(
    put,
    path = "/api/containers/{id}/files/archive",
    tag = "containers",
    operation_id = "upload_container_archive",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), ArchiveQuery),
    request_body(content = inline(Bytes), content_type = "application/x-tar"),
    responses((status = 204, description = "It is unpacked"), Errors)
)]
pub(super) async fn upload_archive(
    state: State<Api>,
    Inside(sandbox): Inside,
    params: Params<ArchiveQuery>,
    request: Request,
) -> Result<StatusCode> {
    files::archive::upload_archive(state, sandbox, params, request).await
}

/// Watch a file or a directory
#[utoipa::path(
    get,
    path = "/api/containers/{id}/files/watch",
    tag = "containers",
    operation_id = "watch_container_files",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), WatchQuery),
    responses((status = 200, description = "Changes without an end", body = FileChange, content_type = "text/event-stream"), Errors)
)]
pub(super) async fn watch(
    state: State<Api>,
    Inside(sandbox): Inside,
    params: Params<WatchQuery>,
) -> Result<Response> {
    files::watch::watch(state, sandbox, params).await
}
