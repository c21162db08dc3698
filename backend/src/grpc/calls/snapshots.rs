//! Snapshots of containers.

use axum::http::Method;
use ctnr_api as api;
use ctnr_protocol::v1::*;
use serde_json::{Value, json};

use super::{Answer, Containers, body};
use crate::grpc::asked::Asked;
use crate::grpc::call::Call;
use crate::grpc::convert;

impl Containers {
    pub(super) async fn list_snapshots(
        &self,
        call: Call,
        request: ListSnapshotsRequest,
    ) -> Answer<ListSnapshotsResponse> {
        let asked = Asked::container(Method::GET, &request.id, &["snapshots"])?;
        let convert = |list: api::SnapshotList| ListSnapshotsResponse {
            snapshots: list.snapshots.into_iter().map(convert::snapshot).collect(),
        };
        self.ask(&call, asked, convert).await
    }

    pub(super) async fn create_snapshot(
        &self,
        call: Call,
        request: CreateSnapshotRequest,
    ) -> Answer<Snapshot> {
        let asked = Asked::container(Method::POST, &request.id, &["snapshots"])?
            .json(body([("name", request.name.map(Value::from))]));
        self.ask(&call, asked, convert::snapshot).await
    }

    pub(super) async fn delete_snapshot(
        &self,
        call: Call,
        request: DeleteSnapshotRequest,
    ) -> Answer<DeleteSnapshotResponse> {
        let below = ["snapshots", request.name.as_str()];
        let asked = Asked::container(Method::DELETE, &request.id, &below)?;
        self.tell(&call, asked, DeleteSnapshotResponse {}).await
    }

    pub(super) async fn rollback_container(
        &self,
        call: Call,
        request: RollbackContainerRequest,
    ) -> Answer<Container> {
        let asked = Asked::container(Method::POST, &request.id, &["rollback"])?
            .json(json!({ "snapshot": request.snapshot }));
        self.ask(&call, asked, convert::container).await
    }
}
