//! `/v1/sandboxes/{id}/exec`: commands in running sandboxes.

mod collect;
pub(super) mod detached;
mod run;
mod session;
pub(super) mod socket;
mod text;

use ctnr_api::OutputStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

pub(super) use run::Asked;
pub(super) use text::encode;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(run::run, detached::list))
        .routes(routes!(detached::inspect))
        .routes(routes!(detached::output))
        .routes(routes!(detached::signal))
        .routes(routes!(detached::resize))
        .routes(routes!(socket::open))
        .routes(routes!(socket::attach))
}

/// The stream's name on the wire.
pub(super) fn stream_of(stream: ctnr_engine::OutputStream) -> OutputStream {
    match stream {
        ctnr_engine::OutputStream::Stdout => OutputStream::Stdout,
        ctnr_engine::OutputStream::Stderr => OutputStream::Stderr,
    }
}
