//! Files in containers, and layers of them.

use axum::http::Method;
use ctnr_api as api;
use ctnr_protocol::v1::*;
use tonic::Streaming;

use super::{Answer, Containers, answer};
use crate::grpc::asked::Asked;
use crate::grpc::call::{self, Call};
use crate::grpc::pieces;
use crate::grpc::streams::Messages;

impl Containers {
    pub(super) async fn read_file(
        &self,
        call: Call,
        request: ReadFileRequest,
    ) -> Answer<Messages<Piece>> {
        let asked = Asked::container(Method::GET, &request.id, &["files"])?
            .query("path", Some(request.path));
        self.read(call, asked).await
    }

    pub(super) async fn read_archive(
        &self,
        call: Call,
        request: ReadArchiveRequest,
    ) -> Answer<Messages<Piece>> {
        let asked = Asked::container(Method::GET, &request.id, &["files", "archive"])?
            .query("path", Some(request.path));
        self.read(call, asked).await
    }

    async fn read(&self, call: Call, asked: Asked) -> Answer<Messages<Piece>> {
        let sent = self.gateway.send(&call, asked).await?;
        let told = call::told(sent.headers());
        Ok(answer(pieces::pieces(sent), told))
    }

    pub(super) async fn write_file(
        &self,
        call: Call,
        parts: Streaming<WriteFileRequest>,
    ) -> Answer<WriteFileResponse> {
        let (target, body) = pieces::body(parts).await?;
        let asked = Asked::container(Method::PUT, &target.id, &["files"])?
            .query("path", Some(target.path))
            .query("mode", target.mode)
            .bytes(body);
        let convert = |written: api::FileWritten| WriteFileResponse { size: written.size };
        self.ask(&call, asked, convert).await
    }

    pub(super) async fn write_archive(
        &self,
        call: Call,
        parts: Streaming<WriteArchiveRequest>,
    ) -> Answer<WriteArchiveResponse> {
        let (target, body) = pieces::body(parts).await?;
        let asked = Asked::container(Method::PUT, &target.id, &["files", "archive"])?
            .query("path", Some(target.path))
            .bytes(body);
        self.tell(&call, asked, WriteArchiveResponse {}).await
    }

    pub(super) async fn upload_layer(
        &self,
        call: Call,
        parts: Streaming<UploadLayerRequest>,
    ) -> Answer<Layer> {
        let (target, body) = pieces::body(parts).await?;
        let asked = Asked::new(Method::POST, &["api", "layers"])?
            .query("at", target.at)
            .bytes(body);
        let convert = |layer: api::Layer| Layer {
            id: layer.id,
            size: layer.size,
        };
        self.ask(&call, asked, convert).await
    }
}
