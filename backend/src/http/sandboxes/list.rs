//! `GET /v1/sandboxes`.

use axum::Json;
use axum::extract::State;
use ctnr_api::{ListQuery, SandboxList, SandboxSummary};
use jiff::Timestamp;

use super::ports;
use crate::app::{LabelFilter, PageRequest, Sandbox, SandboxFilter};
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::Params;
use crate::http::openapi::Errors;

/// List sandboxes
///
/// Those that run, newest first; `all=true` adds the rest.
#[utoipa::path(
    get,
    path = "/v1/sandboxes",
    tag = "sandboxes",
    operation_id = "list_sandboxes",
    params(ListQuery),
    responses((status = 200, description = "The sandboxes", body = SandboxList), Errors)
)]
pub(super) async fn list(
    State(api): State<Api>,
    Params(query): Params<ListQuery>,
) -> Result<Json<SandboxList>> {
    if let Some(limit) = query.limit
        && !(1..=PageRequest::MAX_LIMIT).contains(&limit)
    {
        return Err(ApiError::bad_request(format!(
            "invalid query: limit: expected 1 to {}",
            PageRequest::MAX_LIMIT
        )));
    }
    let filter = SandboxFilter {
        all: query.all,
        states: query.state,
        labels: query
            .label
            .iter()
            .map(|label| LabelFilter::parse(label))
            .collect(),
        name: query.name,
    };
    let page = PageRequest {
        limit: query.limit,
        cursor: query.cursor,
    };
    let page = api.app.list_sandboxes(&filter, &page).await?;
    let now = Timestamp::now();
    let sandboxes = page.items.into_iter().map(|item| summary(item, now));
    Ok(Json(SandboxList {
        sandboxes: sandboxes.collect(),
        next: page.next,
    }))
}

fn summary(sandbox: Sandbox, now: Timestamp) -> SandboxSummary {
    let process = &sandbox.spec.process;
    let words = process.entrypoint.iter().chain(&process.cmd).flatten();
    SandboxSummary {
        id: sandbox.spec.id.to_string(),
        names: vec![format!("/{}", sandbox.spec.name)],
        image: sandbox.spec.image.familiar(),
        image_id: sandbox
            .image_id
            .map(|digest| digest.to_string())
            .unwrap_or_default(),
        command: words.cloned().collect::<Vec<_>>().join(" "),
        created: sandbox.created_at.as_second(),
        ports: if sandbox.status.state.is_alive() {
            ports::listed(&sandbox.ports)
        } else {
            Vec::new()
        },
        state: sandbox.status.state,
        status: sandbox.status.sentence(now),
        labels: sandbox.spec.labels,
        engine: sandbox.engine,
    }
}
