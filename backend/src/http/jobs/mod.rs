//! `/api/jobs`.

mod manage;
mod shape;
mod watch;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

/// The routes of jobs.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(manage::list))
        .routes(routes!(manage::show, manage::cancel))
        .routes(routes!(manage::retry))
        .routes(routes!(watch::watch))
}
