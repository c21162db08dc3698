//! Plans.

use serde::{Deserialize, Serialize};

/// What a plan is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanTarget {
    /// Wine on a Linux host.
    #[default]
    Linux,
    /// A Windows host.
    Windows,
}

/// The query of `GET /api/containers/{id}/plan`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct PlanQuery {
    /// What it is made for: `linux` or `windows`.
    #[cfg_attr(feature = "openapi", param(schema_with = target_schema))]
    pub target: PlanTarget,
}

#[cfg(feature = "openapi")]
fn target_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    crate::sandbox::word_schema(["linux", "windows"], "What the plan is made for.")
}
