//! Whole directories as tar archives.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use ctnr_api::ArchiveQuery;

use super::content::download;
use crate::http::error::Result;
use crate::http::extract::{Params, SandboxRef};
use crate::http::openapi::{Bytes, Errors};
use crate::http::{Api, upload};

/// Download a file or a directory as a tar archive
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/files/archive",
    tag = "files",
    operation_id = "download_archive",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), ArchiveQuery),
    responses(
        (status = 200, description = "The archive, whose paths begin with the last component", body = inline(Bytes), content_type = "application/x-tar"),
        Errors
    )
)]
pub(in crate::http) async fn download_archive(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<ArchiveQuery>,
) -> Result<Response> {
    let archive = api.app.files(&query).await?.archive(&params.path).await?;
    Ok(download(archive, "application/x-tar"))
}

/// Unpack a tar archive
///
/// The body is a plain tar archive; `path` is a directory that exists.
#[utoipa::path(
    put,
    path = "/v1/sandboxes/{id}/files/archive",
    tag = "files",
    operation_id = "upload_archive",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), ArchiveQuery),
    request_body(content = inline(Bytes), content_type = "application/x-tar"),
    responses((status = 204, description = "It is unpacked"), Errors)
)]
pub(in crate::http) async fn upload_archive(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<ArchiveQuery>,
    request: Request,
) -> Result<StatusCode> {
    let files = api.app.files(&query).await?;
    let (archive, fate) = upload::reader(request.into_body());
    let unpacked = files.extract(&params.path, archive).await;
    fate.judge(unpacked.map_err(Into::into))?;
    Ok(StatusCode::NO_CONTENT)
}
