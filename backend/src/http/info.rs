//! `GET /v1/info`.

use axum::Json;
use axum::extract::State;
use ctnr_api::{EngineInfo, Info};

use super::Api;
use super::openapi::Errors;

/// Which version serves, and what its engines can do
#[utoipa::path(
    get,
    path = "/v1/info",
    tag = "backend",
    responses((status = 200, description = "The backend", body = Info), Errors)
)]
pub(super) async fn info(State(api): State<Api>) -> Json<Info> {
    Json(Info {
        name: "ctnr".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api: "v1".to_owned(),
        engines: engines(&api),
    })
}

/// The engines, the default one first.
pub(super) fn engines(api: &Api) -> Vec<EngineInfo> {
    let mut engines: Vec<EngineInfo> = api.app.engines().map(engine).collect();
    engines.sort_by_key(|engine| !engine.default);
    engines
}

fn engine(status: ctnr_agent::EngineStatus) -> EngineInfo {
    let (reason, capabilities) = match status.available {
        Ok(capabilities) => (
            None,
            capabilities
                .iter()
                .map(|capability| capability.as_str().to_owned())
                .collect(),
        ),
        Err(reason) => (Some(reason.to_string()), Vec::new()),
    };
    EngineInfo {
        name: status.kind,
        default: status.is_default,
        available: reason.is_none(),
        reason,
        capabilities,
    }
}
