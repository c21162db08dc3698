//! `GET /api/containers/{id}/plan`.

use axum::Json;
use axum::extract::State;
use ctnr_api::{PlanQuery, PlanTarget};
use ctnr_plan::MountPlan;

use crate::app::PlanFor;
use crate::http::Api;
use crate::http::error::Result;
use crate::http::extract::{ContainerRef, Params};
use crate::http::openapi::Errors;

/// Look at a container's plan
///
/// What its manifest means on a host, resolved: layers, redirects, mounts, environment, entry
/// points. Nothing is run. `docs/spec.md` describes it.
#[utoipa::path(
    get,
    path = "/api/containers/{id}/plan",
    tag = "containers",
    operation_id = "plan_container",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), PlanQuery),
    responses((status = 200, description = "The plan", body = Object), Errors)
)]
pub(super) async fn plan(
    State(api): State<Api>,
    ContainerRef(query): ContainerRef,
    Params(params): Params<PlanQuery>,
) -> Result<Json<MountPlan>> {
    let target = match params.target {
        PlanTarget::Linux => PlanFor::Linux,
        PlanTarget::Windows => PlanFor::Windows,
    };
    Ok(Json(api.app.plan_container(&query, target).await?))
}
