//! `POST /v1/images/pull`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ctnr_api::{ImageDetails, ImageFrame, PullRequest};
use ctnr_engine::{PullOptions, RegistryCredentials};
use ctnr_model::Platform;

use super::{progress, shape};
use crate::http::Api;
use crate::http::error::Result;
use crate::http::extract::Body;
use crate::http::openapi::Errors;

/// Fetch an image from its registry
///
/// Lines of JSON, each an `ImageFrame`: the progress, then `pulled` or `error`. With
/// `Accept: application/json`, the image alone when it is there.
#[utoipa::path(
    post,
    path = "/v1/images/pull",
    tag = "images",
    operation_id = "pull_image",
    request_body = PullRequest,
    responses(
        (status = 200, description = "The pull goes on, or the image is there", content(
            (ImageFrame = "application/x-ndjson"), (ImageDetails = "application/json")
        )),
        Errors
    )
)]
pub(super) async fn pull(
    State(api): State<Api>,
    headers: HeaderMap,
    Body(request): Body<PullRequest>,
) -> Result<Response> {
    let options = PullOptions {
        platform: request
            .platform
            .as_deref()
            .map(Platform::parse)
            .transpose()?,
        credentials: request.credentials.map(|credentials| RegistryCredentials {
            username: credentials.username,
            password: credentials.password,
        }),
    };
    let app = api.app.clone();
    let work = move |sender| async move {
        let image = app
            .pull_image(request.engine, &request.image, &options, sender)
            .await?;
        Ok(shape::details(image))
    };
    progress::respond(&headers, work, |image| ImageFrame::Pulled(Box::new(image))).await
}
