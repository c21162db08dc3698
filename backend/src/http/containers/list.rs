//! `GET /api/containers`.

use axum::Json;
use axum::extract::State;
use ctnr_api::{ContainerList, ContainerListQuery};

use super::convert::show;
use crate::app::{ContainerFilter, LabelFilter, PageRequest};
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::Params;
use crate::http::openapi::Errors;

/// List containers
///
/// All of them, newest first, or those that the query asks for.
#[utoipa::path(
    get,
    path = "/api/containers",
    tag = "containers",
    operation_id = "list_containers",
    params(ContainerListQuery),
    responses((status = 200, description = "The containers", body = ContainerList), Errors)
)]
pub(super) async fn list(
    State(api): State<Api>,
    Params(query): Params<ContainerListQuery>,
) -> Result<Json<ContainerList>> {
    if let Some(limit) = query.limit
        && !(1..=PageRequest::MAX_LIMIT).contains(&limit)
    {
        return Err(ApiError::bad_request(format!(
            "invalid query: limit: expected 1 to {}",
            PageRequest::MAX_LIMIT
        )));
    }
    let filter = ContainerFilter {
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
    let page = api.app.list_containers(&filter, &page).await?;
    Ok(Json(ContainerList {
        containers: page.items.into_iter().map(show).collect(),
        next: page.next,
    }))
}
