//! Deleting containers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{ContainerDeletion, ContainerDeletions, DeleteContainers, DeletionStatus};
use futures::{StreamExt, stream};

use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, ContainerRef};
use crate::http::openapi::Errors;

/// The most that one request may name.
const MAX: usize = 1_000;

/// How many are deleted at once.
const AT_ONCE: usize = 8;

/// Delete a container
///
/// What runs in it is killed; its data, its snapshots and the layers that nothing else uses go.
#[utoipa::path(
    delete,
    path = "/api/containers/{id}",
    tag = "containers",
    operation_id = "delete_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 204, description = "It is gone"), Errors)
)]
pub(super) async fn delete(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
) -> Result<StatusCode> {
    api.app.delete_container(&query).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete several containers
///
/// Each that is named, and no other: there is no way to say all. The answer says of each whether it
/// is gone.
#[utoipa::path(
    delete,
    path = "/api/containers",
    tag = "containers",
    operation_id = "delete_containers",
    request_body = DeleteContainers,
    responses((status = 200, description = "What became of each", body = ContainerDeletions), Errors)
)]
pub(super) async fn delete_many(
    State(api): State<Api>,
    Body(request): Body<DeleteContainers>,
) -> Result<Json<ContainerDeletions>> {
    if !(1..=MAX).contains(&request.ids.len()) {
        return Err(ApiError::bad_request(format!(
            "ids: expected 1 to {MAX} ids; each container to delete has to be named"
        )));
    }
    let results = stream::iter(request.ids)
        .map(|id| {
            let api = api.clone();
            async move { delete_one(&api, id).await }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    Ok(Json(ContainerDeletions { results }))
}

async fn delete_one(api: &Api, id: String) -> ContainerDeletion {
    let deleted = match ContainerRef::parse(&id) {
        Ok(ContainerRef(query)) => api
            .app
            .delete_container(&query)
            .await
            .map_err(ApiError::from),
        Err(error) => Err(error),
    };
    match deleted {
        Ok(()) => ContainerDeletion {
            id,
            status: DeletionStatus::Deleted,
            error: None,
        },
        Err(error) => ContainerDeletion {
            id,
            status: DeletionStatus::Failed,
            error: Some(error.into_body()),
        },
    }
}
