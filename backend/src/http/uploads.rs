//! `/api/uploads`: files that are sent in pieces.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use ctnr_api::{Upload, UploadPieceQuery};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::Result;
use super::extract::{Params, PathText};
use super::openapi::{Bytes, Errors};
use super::{Api, upload};
use crate::app::{self, UploadId};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(begin))
        .routes(routes!(inspect, add, remove))
}

/// Begin to upload a file
///
/// Its pieces are sent by `PUT /api/uploads/{id}`. It is removed a day after the last one.
#[utoipa::path(
    post,
    path = "/api/uploads",
    tag = "containers",
    operation_id = "begin_upload",
    responses((status = 201, description = "The first piece can be sent", body = Upload), Errors)
)]
async fn begin(State(api): State<Api>) -> Result<(StatusCode, Json<Upload>)> {
    let upload = api.app.begin_upload().await?;
    Ok((StatusCode::CREATED, Json(show(&upload))))
}

/// Show how far an upload is
#[utoipa::path(
    get,
    path = "/api/uploads/{id}",
    tag = "containers",
    operation_id = "show_upload",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The next piece begins at `received`", body = Upload), Errors)
)]
async fn inspect(State(api): State<Api>, path: PathText) -> Result<Json<Upload>> {
    let id = UploadId::parse(path.get("id"))?;
    Ok(Json(show(&api.app.upload(&id).await?)))
}

/// Send a piece of a file
///
/// It begins at `offset`, which is where the upload ends; otherwise the answer is 409, and
/// `GET` tells where to go on. What came of a piece that broke off counts.
#[utoipa::path(
    put,
    path = "/api/uploads/{id}",
    tag = "containers",
    operation_id = "upload_piece",
    params(("id" = String, Path, description = "Its id"), UploadPieceQuery),
    request_body(content = inline(Bytes), content_type = "application/octet-stream"),
    responses((status = 200, description = "The piece is there", body = Upload), Errors)
)]
async fn add(
    State(api): State<Api>,
    path: PathText,
    Params(query): Params<UploadPieceQuery>,
    request: Request,
) -> Result<Json<Upload>> {
    let id = UploadId::parse(path.get("id"))?;
    let (content, fate) = upload::reader(request.into_body());
    let added = api.app.add_to_upload(&id, query.offset, content).await;
    Ok(Json(show(&fate.judge(added)?)))
}

/// Remove an upload
#[utoipa::path(
    delete,
    path = "/api/uploads/{id}",
    tag = "containers",
    operation_id = "delete_upload",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"), Errors)
)]
async fn remove(State(api): State<Api>, path: PathText) -> Result<StatusCode> {
    api.app
        .delete_upload(&UploadId::parse(path.get("id"))?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn show(upload: &app::Upload) -> Upload {
    Upload {
        id: upload.id.as_str().to_owned(),
        received: upload.received,
    }
}
