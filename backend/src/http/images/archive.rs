//! Images as archives.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ctnr_api::{ExportQuery, ImageFrame, ImportQuery, Imported};
use ctnr_model::ImageReference;

use super::progress;
use crate::http::error::{ApiError, Result};
use crate::http::extract::Params;
use crate::http::openapi::{Bytes, Errors};
use crate::http::{Api, upload};

/// Import images from an archive
///
/// The body is an archive as `docker save` or an OCI tool writes it, plain or compressed by gzip
/// or zstd. The answer is like that of a pull.
#[utoipa::path(
    post,
    path = "/v1/images/import",
    tag = "images",
    operation_id = "import_images",
    params(ImportQuery),
    request_body(content = inline(Bytes), content_type = "application/x-tar"),
    responses(
        (status = 200, description = "The import goes on, or the images are there", content(
            (ImageFrame = "application/x-ndjson"), (Imported = "application/json")
        )),
        Errors
    )
)]
pub(super) async fn import(
    State(api): State<Api>,
    headers: HeaderMap,
    Params(query): Params<ImportQuery>,
    request: Request,
) -> Result<Response> {
    let (archive, fate) = upload::reader(request.into_body());
    let app = api.app.clone();
    let work = move |sender| async move {
        let imported = app.import_images(query.engine, archive, sender).await;
        let references = fate.judge(imported)?;
        Ok(Imported {
            images: references.iter().map(ImageReference::familiar).collect(),
        })
    };
    progress::respond(&headers, work, ImageFrame::Imported).await
}

/// Export images as an archive
///
/// One that `docker load` and OCI tools take.
#[utoipa::path(
    get,
    path = "/v1/images/export",
    tag = "images",
    operation_id = "export_images",
    params(ExportQuery),
    responses(
        (status = 200, description = "The archive", body = inline(Bytes), content_type = "application/x-tar"),
        Errors
    )
)]
pub(super) async fn export(
    State(api): State<Api>,
    Params(query): Params<ExportQuery>,
) -> Result<Response> {
    if query.name.is_empty() {
        return Err(ApiError::bad_request(
            "invalid query: name: give at least one image",
        ));
    }
    let archive = api.app.export_images(query.engine, &query.name).await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-tar"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"images.tar\""),
        ),
    ];
    Ok((
        StatusCode::OK,
        headers,
        axum::body::Body::from_stream(archive),
    )
        .into_response())
}
