//! `/api/containers`: Win32 containers.

mod artifact;
mod capture;
mod convert;
mod create;
mod delete;
mod events;
mod exec;
mod files;
mod inspect;
mod lifecycle;
mod list;
mod logs;
mod plan;
mod run;
mod sandbox;
mod snapshots;
mod terminal;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

pub(crate) use convert::wanted as wanted_container;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create, delete::delete_many))
        .routes(routes!(inspect::inspect, delete::delete))
        .routes(routes!(inspect::manifest))
        .routes(routes!(lifecycle::start))
        .routes(routes!(lifecycle::stop))
        .routes(routes!(lifecycle::move_to))
        .routes(routes!(create::clone))
        .routes(routes!(run::run))
        .routes(routes!(run::exec, exec::list))
        .routes(routes!(exec::inspect))
        .routes(routes!(exec::output))
        .routes(routes!(exec::signal))
        .routes(routes!(exec::resize))
        .routes(routes!(terminal::open))
        .routes(routes!(terminal::attach))
        .routes(routes!(artifact::export))
        .routes(routes!(artifact::push))
        .routes(routes!(capture::capture))
        .routes(routes!(capture::finish))
        .routes(routes!(capture::list))
        .routes(routes!(capture::registry))
        .routes(routes!(snapshots::list, snapshots::create))
        .routes(routes!(snapshots::delete))
        .routes(routes!(snapshots::rollback))
        .routes(routes!(snapshots::reset))
        .routes(routes!(files::read, files::write, files::remove))
        .routes(routes!(files::list))
        .routes(routes!(files::stat))
        .routes(routes!(files::mkdir))
        .routes(routes!(files::rename))
        .routes(routes!(files::download_archive, files::upload_archive))
        .routes(routes!(files::watch))
        .routes(routes!(logs::logs))
        .routes(routes!(plan::plan))
        .routes(routes!(events::events))
}
