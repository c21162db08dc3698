//! Containers on the wire.

use ctnr_api::{Container, CreateContainer, LimitsRequest, RuntimeReference};
use ctnr_model::Invalid;

use crate::app::{self, NewContainer};

/// A container as it is shown.
pub(in crate::http) fn show(row: app::Container) -> Container {
    Container {
        id: row.id.to_string(),
        name: row.name.to_string(),
        state: row.state,
        error: row.error,
        job: row.job.map(|job| job.to_string()),
        capture: row.capture.map(|job| job.to_string()),
        runtime: RuntimeReference {
            name: row.runtime.name,
            digest: row.runtime.digest.to_string(),
        },
        entry_points: row.spec.entry_points,
        base_layers: u32::try_from(row.base).unwrap_or(u32::MAX),
        layers: row.chain,
        sandbox: row.sandbox.map(|sandbox| sandbox.to_string()),
        labels: row.spec.labels,
        limits: row.spec.limits,
        network: row.spec.network,
        folders: row
            .spec
            .folders
            .into_iter()
            .map(|(name, folder)| (name, folder.to_string()))
            .collect(),
        engine: row.engine,
        host: row.host,
        created_at: row.created_at,
        changed_at: row.changed_at,
    }
}

/// A container that a caller wants.
pub(crate) fn wanted(request: CreateContainer) -> Result<NewContainer, Invalid> {
    Ok(NewContainer {
        name: request.name,
        manifest: request.manifest,
        overrides: request.overrides,
        runtime: request.runtime,
        layers: request.layers,
        labels: request.labels,
        env: request.env.0,
        limits: request
            .limits
            .as_ref()
            .map(LimitsRequest::resolve)
            .transpose()?,
        network: request.network,
        folders: request.folders,
    })
}
