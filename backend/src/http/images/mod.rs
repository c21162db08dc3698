//! `/v1/images`: the images that sandboxes are made of. Names hold slashes, so they stand in
//! queries and bodies and not in paths.

mod archive;
mod manage;
mod progress;
mod pull;
mod shape;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(manage::list, manage::remove))
        .routes(routes!(manage::inspect))
        .routes(routes!(manage::tag))
        .routes(routes!(manage::prune))
        .routes(routes!(pull::pull))
        .routes(routes!(archive::import))
        .routes(routes!(archive::export))
}
