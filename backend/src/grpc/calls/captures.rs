//! Installers: uploads that bring them, and what they leave in containers.

use axum::http::Method;
use ctnr_api as api;
use ctnr_protocol::v1::*;
use serde_json::{Value, json};
use tonic::Streaming;

use super::{Answer, Containers, body};
use crate::grpc::asked::Asked;
use crate::grpc::call::Call;
use crate::grpc::{convert, pieces};

impl Containers {
    pub(super) async fn begin_upload(&self, call: Call, _: BeginUploadRequest) -> Answer<Upload> {
        let asked = Asked::new(Method::POST, &["api", "uploads"])?;
        self.ask(&call, asked, convert::upload).await
    }

    pub(super) async fn send_upload(
        &self,
        call: Call,
        parts: Streaming<SendUploadRequest>,
    ) -> Answer<Upload> {
        let (target, body) = pieces::body(parts).await?;
        let asked = Asked::new(Method::PUT, &["api", "uploads", &target.id])?
            .query("offset", Some(target.offset))
            .bytes(body);
        self.ask(&call, asked, convert::upload).await
    }

    pub(super) async fn get_upload(&self, call: Call, request: GetUploadRequest) -> Answer<Upload> {
        let asked = Asked::new(Method::GET, &["api", "uploads", &request.id])?;
        self.ask(&call, asked, convert::upload).await
    }

    pub(super) async fn delete_upload(
        &self,
        call: Call,
        request: DeleteUploadRequest,
    ) -> Answer<DeleteUploadResponse> {
        let asked = Asked::new(Method::DELETE, &["api", "uploads", &request.id])?;
        self.tell(&call, asked, DeleteUploadResponse {}).await
    }

    pub(super) async fn capture_installer(
        &self,
        call: Call,
        request: CaptureInstallerRequest,
    ) -> Answer<JobStarted> {
        let arguments = request.arguments.map(|arguments| json!(arguments.args));
        let asked = Asked::container(Method::POST, &request.id, &["capture"])?.json(body([
            ("upload", Some(request.upload.into())),
            ("name", Some(request.name.into())),
            ("kind", request.kind.map(Value::from)),
            ("arguments", arguments),
            ("by_hand", Some(request.by_hand.into())),
            ("timeout", request.timeout_seconds.map(Value::from)),
            ("settle", request.settle_seconds.map(Value::from)),
        ]));
        self.ask(&call, asked, convert::job_started).await
    }

    pub(super) async fn finish_capture(
        &self,
        call: Call,
        request: FinishCaptureRequest,
    ) -> Answer<FinishCaptureResponse> {
        let asked = Asked::container(Method::POST, &request.id, &["capture", "finish"])?;
        self.tell(&call, asked, FinishCaptureResponse {}).await
    }

    pub(super) async fn list_captures(
        &self,
        call: Call,
        request: ListCapturesRequest,
    ) -> Answer<ListCapturesResponse> {
        let asked = Asked::container(Method::GET, &request.id, &["captures"])?;
        let convert = |list: api::CaptureList| ListCapturesResponse {
            captures: list.captures.into_iter().map(convert::capture).collect(),
        };
        self.ask(&call, asked, convert).await
    }
}
