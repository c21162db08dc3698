//! Which request goes where.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ctnr_api::ErrorCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::ApiError;
use super::{
    Api, Options, Shared, artifacts, containers, docs, events, exec, files, gate, health, host,
    hosts, images, info, internal, jobs, keys, layers, metrics, openapi, panel, proxy, rate,
    runtimes, sandboxes, uploads,
};
use crate::app::App;

/// All routes, behind the gate. Requests need a `ConnectInfo<SocketAddr>` extension with their
/// peer, as [`serve`](super::serve) gives it. Endless answers end when the app begins to stop. It
/// has to be called within a runtime of Tokio's.
pub fn router(app: App, options: Options) -> Router {
    app.watch_keys();
    let api = Api {
        shared: Arc::new(Shared {
            stopping: app.closing(),
            metrics: metrics::Metrics::default(),
            rate: rate::Limiter::new(options.rate_limit),
            options,
        }),
        app,
    };
    let (routes, _) = documented().split_for_parts();
    routes
        .route("/openapi.json", get(openapi::openapi))
        .merge(docs::routes())
        .merge(internal::routes())
        .merge(proxy::routes())
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(api.clone(), gate::gate))
        .with_state(api)
}

/// The routes that the OpenAPI document describes.
pub(super) fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(sandboxes::routes())
        .merge(exec::routes())
        .merge(files::routes())
        .merge(images::routes())
        .merge(containers::routes())
        .merge(jobs::routes())
        .merge(keys::routes())
        .merge(layers::routes())
        .merge(uploads::routes())
        .merge(artifacts::routes())
        .merge(runtimes::routes())
        .routes(routes!(host::host))
        .merge(hosts::routes())
        .merge(proxy::documented())
        .routes(routes!(events::events))
        .routes(routes!(info::info))
        .routes(routes!(health::health))
        .routes(routes!(metrics::metrics))
}

/// The panel's pages stand where no route of the API is.
async fn no_route(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    panel::answer(&method, uri.path(), &headers).unwrap_or_else(|| {
        ApiError::not_found(format!(
            "there is no route {method} {}; /openapi.json lists them",
            uri.path()
        ))
        .into_response()
    })
}

async fn no_method(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        ErrorCode::MethodNotAllowed,
        format!(
            "{} does not take {method}; the header Allow says what it takes",
            uri.path()
        ),
    )
}
