//! Programs in sandboxes through the API, whether their ports are published or not.
//!
//! - By path, `/v1/sandboxes/{id}/proxy/{port}/…`, for programs. A page served so would have the
//!   API's own origin, so it is put into a browser's sandbox: an origin of its own that reads
//!   nothing of the API's.
//! - By host, `{port}--{id}.localhost` or below `CONTAINERS_PROXY_DOMAIN`, for browsers: each port
//!   has an origin of its own, and absolute links work.

mod forward;
mod headers;
mod host;
mod path;
mod ticket;

pub(super) use forward::join;
pub(super) use headers::{remove_hop_by_hop, remove_secrets};
pub(super) use host::{LetIn, PortHost, by_host, let_in};
pub(super) use path::{is_proxied, routes};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

/// The routes beside the programs' own.
pub(super) fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(ticket::link))
}

/// The mark of an answer that comes from a program in a sandbox.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proxied;
