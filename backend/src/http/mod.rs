//! The REST API: requests to use cases, and their answers to bodies.
//!
//! ```text
//!  connection ─▶ gate (request id, trace, metrics, panics) ─▶ admission (key, scope, rate) ─▶ route ─▶ App
//! ```
//!
//! Nothing here knows SQL or a rule of the product. The types of bodies are `ctnr-api`'s and stop
//! here; errors become bodies in [`error`] alone.
#![warn(missing_docs)]

mod access;
mod admission;
mod artifacts;
mod containers;
mod docs;
mod error;
mod events;
mod exec;
mod extract;
mod files;
mod forward;
mod gate;
mod health;
mod host;
mod hosts;
mod images;
mod info;
mod internal;
mod jobs;
mod keys;
mod layers;
mod metrics;
mod ndjson;
mod openapi;
mod options;
mod panel;
mod proxy;
mod rate;
mod request_id;
mod routes;
mod runtimes;
mod sandboxes;
mod serve;
mod upload;
mod uploads;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::App;

pub use access::{ApiKey, WebOrigin};
pub(crate) use containers::wanted_container;
pub use openapi::{document, openapi_json};
pub use options::Options;
pub use routes::router;
pub use serve::{serve, serve_router};

/// In a request's extensions: its `Host` names the API, never a port of a sandbox. gRPC calls are
/// such, whatever name they were called by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiOnly;

/// In a request's extensions: it only asks whether its caller is let in at all. It is answered with
/// 204 where that is so, counts for no limit, and reaches no route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnlyAsks;

/// What every route has at hand. A clone is cheap.
#[derive(Clone)]
struct Api {
    app: App,
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    metrics: metrics::Metrics,
    rate: rate::Limiter,
    /// Cancelled when the server stops, so that endless answers end.
    stopping: CancellationToken,
}
