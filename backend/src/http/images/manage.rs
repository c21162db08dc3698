//! Listing, inspecting, naming and removing images.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{
    ImageDetails, ImageList, ImageNameQuery, ImagesQuery, PruneRequest, Pruned, TagRequest,
};

use super::shape;
use crate::http::Api;
use crate::http::error::Result;
use crate::http::extract::{Body, OptionalBody, Params};
use crate::http::openapi::Errors;

/// List images
#[utoipa::path(
    get,
    path = "/v1/images",
    tag = "images",
    operation_id = "list_images",
    params(ImagesQuery),
    responses((status = 200, description = "The images, newest first", body = ImageList), Errors)
)]
pub(super) async fn list(
    State(api): State<Api>,
    Params(query): Params<ImagesQuery>,
) -> Result<Json<ImageList>> {
    let images = api.app.list_images(query.engine).await?;
    Ok(Json(ImageList {
        images: images.into_iter().map(shape::summary).collect(),
    }))
}

/// Inspect an image
#[utoipa::path(
    get,
    path = "/v1/images/inspect",
    tag = "images",
    operation_id = "inspect_image",
    params(ImageNameQuery),
    responses((status = 200, description = "The image, in Docker's shape", body = ImageDetails), Errors)
)]
pub(super) async fn inspect(
    State(api): State<Api>,
    Params(query): Params<ImageNameQuery>,
) -> Result<Json<ImageDetails>> {
    let image = api.app.inspect_image(query.engine, &query.name).await?;
    Ok(Json(shape::details(image)))
}

/// Give an image a further name
#[utoipa::path(
    post,
    path = "/v1/images/tag",
    tag = "images",
    operation_id = "tag_image",
    request_body = TagRequest,
    responses((status = 204, description = "It has the name"), Errors)
)]
pub(super) async fn tag(
    State(api): State<Api>,
    Body(request): Body<TagRequest>,
) -> Result<StatusCode> {
    api.app
        .tag_image(request.engine, &request.image, &request.tag)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove an image's name, and the image with its last one
///
/// By id, all its names. An image that a sandbox uses is not removed.
#[utoipa::path(
    delete,
    path = "/v1/images",
    tag = "images",
    operation_id = "remove_image",
    params(ImageNameQuery),
    responses((status = 204, description = "It is gone"), Errors)
)]
pub(super) async fn remove(
    State(api): State<Api>,
    Params(query): Params<ImageNameQuery>,
) -> Result<StatusCode> {
    api.app.remove_image(query.engine, &query.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove the images that no sandbox uses
///
/// Those without a name, or with `all` every one.
#[utoipa::path(
    post,
    path = "/v1/images/prune",
    tag = "images",
    operation_id = "prune_images",
    request_body = Option<PruneRequest>,
    responses((status = 200, description = "What is gone", body = Pruned), Errors)
)]
pub(super) async fn prune(
    State(api): State<Api>,
    OptionalBody(request): OptionalBody<PruneRequest>,
) -> Result<Json<Pruned>> {
    let request = request.unwrap_or_default();
    let pruned = api.app.prune_images(request.engine, request.all).await?;
    Ok(Json(Pruned {
        removed: pruned.removed.iter().map(ToString::to_string).collect(),
        freed: pruned.freed,
    }))
}
