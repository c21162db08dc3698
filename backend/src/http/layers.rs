//! `POST /api/layers`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use ctnr_api::{Layer, UploadLayerQuery};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::Result;
use super::extract::Params;
use super::openapi::{Bytes, Errors};
use super::{Api, upload};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload_layer))
}

/// Upload a layer of files
///
/// The body is a tar archive, plain or packed with gzip or zstd. The answer's id goes into `layers`
/// of `POST /api/containers`. A layer that no container is made of within a day is removed.
#[utoipa::path(
    post,
    path = "/api/layers",
    tag = "containers",
    operation_id = "upload_layer",
    params(UploadLayerQuery),
    request_body(content = inline(Bytes), content_type = "application/x-tar"),
    responses((status = 201, description = "The layer is there", body = Layer), Errors)
)]
async fn upload_layer(
    State(api): State<Api>,
    Params(query): Params<UploadLayerQuery>,
    request: Request,
) -> Result<(StatusCode, Json<Layer>)> {
    let (content, fate) = upload::reader(request.into_body());
    let made = api.app.import_layer(content, query.at.as_deref()).await;
    let layer = fate.judge(made)?;
    Ok((
        StatusCode::CREATED,
        Json(Layer {
            id: layer.id.to_string(),
            size: layer.size,
        }),
    ))
}
