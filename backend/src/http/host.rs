//! `GET /api/host`.

use axum::Json;
use axum::extract::State;
use ctnr_api::{HostInfo, Realiser};

use super::error::Result;
use super::openapi::Errors;
use super::{Api, info, runtimes};
use crate::app::AppError;

/// What this host can do for containers
#[utoipa::path(
    get,
    path = "/api/host",
    tag = "runtimes",
    operation_id = "inspect_host",
    responses((status = 200, description = "The host", body = HostInfo), Errors)
)]
pub(super) async fn host(State(api): State<Api>) -> Result<Json<HostInfo>> {
    let (runtimes, reason) = match api.app.runtimes().await {
        Ok(runtimes) if runtimes.is_empty() => (
            Vec::new(),
            Some("there is no runtime; POST /api/runtimes builds one".to_owned()),
        ),
        Ok(runtimes) => (runtimes, None),
        Err(AppError::Unsupported(reason) | AppError::Unavailable(reason)) => {
            (Vec::new(), Some(reason))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Json(HostInfo {
        id: api.app.installation().to_owned(),
        system: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        realisers: vec![Realiser {
            name: "wine".to_owned(),
            available: reason.is_none(),
            reason,
        }],
        runtimes: runtimes.into_iter().map(runtimes::show).collect(),
        engines: info::engines(&api),
        host_folders: api
            .app
            .host_folders()
            .iter()
            .map(ToString::to_string)
            .collect(),
    }))
}
