//! Containers themselves.

use axum::http::Method;
use ctnr_api as api;
use ctnr_protocol::v1::*;
use serde_json::{Value, json};

use super::{Answer, Containers, IDEMPOTENCY_KEY, body, token};
use crate::grpc::asked::Asked;
use crate::grpc::call::Call;
use crate::grpc::convert;

impl Containers {
    pub(super) async fn list_containers(
        &self,
        call: Call,
        request: ListContainersRequest,
    ) -> Answer<ListContainersResponse> {
        let asked = Asked::new(Method::GET, &["api", "containers"])?
            .each("state", request.states)
            .each("label", request.labels)
            .query("name", request.name)
            .query("limit", request.page_size)
            .query("cursor", token(request.page_token));
        let convert = |list: api::ContainerList| ListContainersResponse {
            containers: list
                .containers
                .into_iter()
                .map(convert::container)
                .collect(),
            next_page_token: list.next.unwrap_or_default(),
        };
        self.ask(&call, asked, convert).await
    }

    pub(super) async fn create_container(
        &self,
        call: Call,
        request: CreateContainerRequest,
    ) -> Answer<Container> {
        let asked = Asked::new(Method::POST, &["api", "containers"])?
            .header(IDEMPOTENCY_KEY, request.idempotency_key)
            .json(body([
                ("name", request.name.map(Value::from)),
                ("manifest", request.manifest.map(Value::from)),
                ("overrides", Some(json!(request.overrides))),
                ("runtime", request.runtime.map(Value::from)),
                ("layers", Some(json!(request.layers))),
                ("labels", Some(json!(request.labels))),
                ("env", Some(json!(request.env))),
                ("limits", request.limits.map(limits)),
                ("network", request.network.map(Value::from)),
                ("folders", Some(json!(request.folders))),
            ]));
        self.ask(&call, asked, convert::container).await
    }

    pub(super) async fn get_container(
        &self,
        call: Call,
        request: GetContainerRequest,
    ) -> Answer<Container> {
        let asked = Asked::container(Method::GET, &request.id, &[])?;
        self.ask(&call, asked, convert::container).await
    }

    pub(super) async fn delete_container(
        &self,
        call: Call,
        request: DeleteContainerRequest,
    ) -> Answer<DeleteContainerResponse> {
        let asked = Asked::container(Method::DELETE, &request.id, &[])?;
        self.tell(&call, asked, DeleteContainerResponse {}).await
    }

    pub(super) async fn start_container(
        &self,
        call: Call,
        request: StartContainerRequest,
    ) -> Answer<Container> {
        let asked = Asked::container(Method::POST, &request.id, &["start"])?;
        self.ask(&call, asked, convert::container).await
    }

    pub(super) async fn stop_container(
        &self,
        call: Call,
        request: StopContainerRequest,
    ) -> Answer<Container> {
        let asked = Asked::container(Method::POST, &request.id, &["stop"])?
            .query("timeout", request.timeout_seconds);
        self.ask(&call, asked, convert::container).await
    }

    pub(super) async fn clone_container(
        &self,
        call: Call,
        request: CloneContainerRequest,
    ) -> Answer<Container> {
        let labels = Some(request.labels).filter(|labels| !labels.is_empty());
        let asked = Asked::container(Method::POST, &request.id, &["clone"])?
            .header(IDEMPOTENCY_KEY, request.idempotency_key)
            .json(body([
                ("name", request.name.map(Value::from)),
                ("labels", labels.map(|labels| json!(labels))),
            ]));
        self.ask(&call, asked, convert::container).await
    }

    pub(super) async fn reset_container(
        &self,
        call: Call,
        request: ResetContainerRequest,
    ) -> Answer<Container> {
        let asked = Asked::container(Method::POST, &request.id, &["reset"])?;
        self.ask(&call, asked, convert::container).await
    }

    pub(super) async fn move_container(
        &self,
        call: Call,
        request: MoveContainerRequest,
    ) -> Answer<Container> {
        let asked = Asked::container(Method::POST, &request.id, &["runtime"])?
            .json(json!({ "runtime": request.runtime }));
        self.ask(&call, asked, convert::container).await
    }

    pub(super) async fn plan_container(
        &self,
        call: Call,
        request: PlanContainerRequest,
    ) -> Answer<Plan> {
        let asked = Asked::container(Method::GET, &request.id, &["plan"])?
            .query("target", token(request.target));
        let convert = |plan: Value| Plan {
            json: plan.to_string(),
        };
        self.ask(&call, asked, convert).await
    }
}

fn limits(limits: Limits) -> Value {
    body([
        ("memory", limits.memory_bytes.map(Value::from)),
        ("cpus", limits.cpus.map(Value::from)),
        ("pids", limits.pids.map(Value::from)),
    ])
}
