//! `/v1/sandboxes/{id}/files`: the files of a sandbox.

pub(super) mod archive;
pub(super) mod content;
pub(super) mod manage;
mod shape;
pub(super) mod watch;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(content::read, content::write, manage::remove))
        .routes(routes!(manage::list))
        .routes(routes!(manage::stat))
        .routes(routes!(manage::mkdir))
        .routes(routes!(manage::rename))
        .routes(routes!(archive::download_archive, archive::upload_archive))
        .routes(routes!(watch::watch))
}
