//! `/v1/sandboxes`: creating, looking at and ending sandboxes.

mod create;
mod inspect;
mod lifecycle;
mod list;
pub(super) mod logs;
mod ports;
mod stats;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(inspect::inspect, lifecycle::delete))
        .routes(routes!(lifecycle::stop))
        .routes(routes!(lifecycle::restart))
        .routes(routes!(logs::logs))
        .routes(routes!(stats::stats))
}
