//! `/api/hosts`: the hosts of the platform, and the agents that report for them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ctnr_api::{AgentEnrolled, AgentReport, Host, HostAgent, HostBackend, HostList, Presence};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::{ApiError, Result};
use super::extract::{Body, PathText};
use super::openapi::Errors;
use crate::app::{AGENT_LEASE, KnownHost};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(inspect))
        .routes(routes!(report, leave))
}

/// List the hosts of the platform
///
/// Those whose backend or agent was seen within 30 days.
#[utoipa::path(
    get,
    path = "/api/hosts",
    tag = "hosts",
    operation_id = "list_hosts",
    responses((status = 200, description = "The hosts, those that are there first", body = HostList), Errors)
)]
async fn list(State(api): State<Api>) -> Result<Json<HostList>> {
    let hosts = api.app.hosts().await?;
    Ok(Json(HostList {
        hosts: hosts.into_iter().map(show).collect(),
    }))
}

/// Look at a host
#[utoipa::path(
    get,
    path = "/api/hosts/{id}",
    tag = "hosts",
    operation_id = "find_host",
    params(("id" = String, Path, description = "An id, the unique start of one, or the name that an agent reported")),
    responses((status = 200, description = "The host", body = Host), Errors)
)]
async fn inspect(State(api): State<Api>, path: PathText) -> Result<Json<Host>> {
    Ok(Json(show(api.app.host(path.get("id")).await?)))
}

/// Enrol an agent
///
/// An agent sends what its host can do, and sends it again before the lease ends. It is not asked
/// to run anything yet: the backend that holds the host does that.
#[utoipa::path(
    put,
    path = "/api/hosts/{id}/agent",
    tag = "hosts",
    operation_id = "report_agent",
    params(("id" = String, Path, description = "The host's id: what the file `installation` of its data directory holds")),
    request_body = AgentReport,
    responses((status = 200, description = "It is enrolled, for as long as the lease says", body = AgentEnrolled), Errors)
)]
async fn report(
    State(api): State<Api>,
    path: PathText,
    Body(report): Body<AgentReport>,
) -> Result<Json<AgentEnrolled>> {
    let text = serde_json::to_string(&report).map_err(|_| ApiError::internal())?;
    api.app
        .enrol_agent(path.get("id"), &report.name, &text)
        .await?;
    Ok(Json(AgentEnrolled {
        lease: AGENT_LEASE.as_secs(),
    }))
}

/// Take leave as an agent
///
/// The host stays in the list, and its agent is gone.
#[utoipa::path(
    delete,
    path = "/api/hosts/{id}/agent",
    tag = "hosts",
    operation_id = "leave_agent",
    params(("id" = String, Path, description = "The host's id")),
    responses((status = 204, description = "It is gone"), Errors)
)]
async fn leave(State(api): State<Api>, path: PathText) -> Result<StatusCode> {
    api.app.agent_left(path.get("id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A host as it is shown.
fn show(host: KnownHost) -> Host {
    let state = presence(host.is_there());
    Host {
        id: host.installation,
        state,
        backend: host.backend.map(|(row, there)| HostBackend {
            state: presence(there),
            last_seen: row.last_seen,
        }),
        agent: host.agent.and_then(|(row, there)| {
            // A report of a version whose shape this one does not read is passed over: the agent
            // sends another within seconds.
            Some(HostAgent {
                state: presence(there),
                enrolled_at: row.enrolled_at,
                last_seen: row.last_seen,
                report: serde_json::from_str(&row.report).ok()?,
            })
        }),
    }
}

fn presence(is_there: bool) -> Presence {
    match is_there {
        true => Presence::Ready,
        false => Presence::Gone,
    }
}
