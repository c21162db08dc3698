//! What containers run on.

use axum::http::Method;
use ctnr_api as api;
use ctnr_protocol::v1::*;
use serde_json::json;

use super::{Answer, Containers};
use crate::grpc::asked::Asked;
use crate::grpc::call::Call;
use crate::grpc::convert;

impl Containers {
    pub(super) async fn list_runtimes(
        &self,
        call: Call,
        _: ListRuntimesRequest,
    ) -> Answer<ListRuntimesResponse> {
        let asked = Asked::new(Method::GET, &["api", "runtimes"])?;
        let convert = |list: api::RuntimeList| ListRuntimesResponse {
            runtimes: list.runtimes.into_iter().map(convert::runtime).collect(),
        };
        self.ask(&call, asked, convert).await
    }

    pub(super) async fn build_runtime(
        &self,
        call: Call,
        request: BuildRuntimeRequest,
    ) -> Answer<JobStarted> {
        let asked =
            Asked::new(Method::POST, &["api", "runtimes"])?.json(json!({ "force": request.force }));
        self.ask(&call, asked, convert::job_started).await
    }

    pub(super) async fn remove_runtime(
        &self,
        call: Call,
        request: RemoveRuntimeRequest,
    ) -> Answer<RemoveRuntimeResponse> {
        let asked = Asked::new(Method::DELETE, &["api", "runtimes", &request.id])?;
        self.tell(&call, asked, RemoveRuntimeResponse {}).await
    }
}
