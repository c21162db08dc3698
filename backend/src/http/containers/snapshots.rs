//! Snapshots, rollback and reset.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{Container, CreateSnapshot, RollbackRequest, Snapshot, SnapshotList};

use super::convert::show;
use crate::app;
use crate::http::Api;
use crate::http::error::Result;
use crate::http::extract::{Body, ContainerRef, OptionalBody, PathText};
use crate::http::openapi::Errors;

/// List a container's snapshots
#[utoipa::path(
    get,
    path = "/api/containers/{id}/snapshots",
    tag = "containers",
    operation_id = "list_snapshots",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "The snapshots, oldest first", body = SnapshotList), Errors)
)]
pub(super) async fn list(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
) -> Result<Json<SnapshotList>> {
    let snapshots = api.app.container_snapshots(&query).await?;
    Ok(Json(SnapshotList {
        snapshots: snapshots.into_iter().map(convert).collect(),
    }))
}

/// Keep what a container holds
///
/// It takes as long for much data as for little. The container is stopped for that, and stays so.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/snapshots",
    tag = "containers",
    operation_id = "create_snapshot",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = Option<CreateSnapshot>,
    responses((status = 201, description = "It is kept", body = Snapshot), Errors)
)]
pub(super) async fn create(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    OptionalBody(request): OptionalBody<CreateSnapshot>,
) -> Result<(StatusCode, Json<Snapshot>)> {
    let name = request.and_then(|request| request.name);
    let snapshot = api.app.snapshot_container(&query, name).await?;
    Ok((StatusCode::CREATED, Json(convert(snapshot))))
}

/// Delete a snapshot
///
/// What the container holds stays as it is.
#[utoipa::path(
    delete,
    path = "/api/containers/{id}/snapshots/{name}",
    tag = "containers",
    operation_id = "delete_snapshot",
    params(
        ("id" = String, Path, description = "An id, the unique start of one, or a name"),
        ("name" = String, Path, description = "The snapshot's name")
    ),
    responses((status = 204, description = "It is gone"), Errors)
)]
pub(super) async fn delete(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    path: PathText,
) -> Result<StatusCode> {
    api.app.delete_snapshot(&query, path.get("name")).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put a container back to a snapshot
///
/// What it has written since goes. It is stopped for that, and stays so.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/rollback",
    tag = "containers",
    operation_id = "rollback_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = RollbackRequest,
    responses((status = 200, description = "It holds what the snapshot does", body = Container), Errors)
)]
pub(super) async fn rollback(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    Body(request): Body<RollbackRequest>,
) -> Result<Json<Container>> {
    let row = api
        .app
        .rollback_container(&query, &request.snapshot)
        .await?;
    Ok(Json(show(row)))
}

/// Drop a container's data
///
/// The program that it was made with stays, and so do its snapshots. It is stopped for that, and
/// stays so.
#[utoipa::path(
    post,
    path = "/api/containers/{id}/reset",
    tag = "containers",
    operation_id = "reset_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "It is as it was made", body = Container), Errors)
)]
pub(super) async fn reset(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
) -> Result<Json<Container>> {
    Ok(Json(show(api.app.reset_container(&query).await?)))
}

fn convert(snapshot: app::Snapshot) -> Snapshot {
    Snapshot {
        layers: u32::try_from(snapshot.chain.len()).unwrap_or(u32::MAX),
        name: snapshot.name,
        created_at: snapshot.created_at,
    }
}
