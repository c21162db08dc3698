//! `/api/keys`: the keys to the API.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use ctnr_api::{CreateKey, Key, KeyCreated, KeyList, KeySecret, KeyState};
use ctnr_model::KeyQuery;
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::Result;
use super::extract::{Body, PathText};
use super::openapi::Errors;
use crate::access::Principal;
use crate::app::{KeyRow, NewKey};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(inspect, revoke))
}

/// Make a key
///
/// Its secret is in the answer and nowhere else. A key can't make one that may do more than itself
/// or lasts longer.
#[utoipa::path(
    post,
    path = "/api/keys",
    tag = "keys",
    operation_id = "create_key",
    request_body = CreateKey,
    responses((status = 201, description = "The key, with its secret", body = KeyCreated), Errors)
)]
async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Principal>,
    Body(request): Body<CreateKey>,
) -> Result<impl IntoResponse> {
    let wanted = NewKey {
        name: request.name,
        scopes: request.scopes,
        rate: request.rate,
        burst: request.burst,
        expires_at: request.expires_at,
    };
    let (row, secret) = api.app.create_key(&caller, wanted).await?;
    let location = format!("/api/keys/{}", row.id);
    let created = KeyCreated {
        key: shown(row, Timestamp::now()),
        secret: KeySecret::new(secret.reveal()),
    };
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(created),
    ))
}

/// List the keys
#[utoipa::path(
    get,
    path = "/api/keys",
    tag = "keys",
    operation_id = "list_keys",
    responses((status = 200, description = "The keys, without their secrets", body = KeyList), Errors)
)]
async fn list(State(api): State<Api>) -> Result<Json<KeyList>> {
    let rows = api.app.list_keys().await?;
    let now = Timestamp::now();
    let keys = rows.into_iter().map(|row| shown(row, now)).collect();
    Ok(Json(KeyList { keys }))
}

/// Show a key
#[utoipa::path(
    get,
    path = "/api/keys/{id}",
    tag = "keys",
    operation_id = "inspect_key",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "The key, without its secret", body = Key), Errors)
)]
async fn inspect(State(api): State<Api>, path: PathText) -> Result<Json<Key>> {
    let row = api.app.key(&KeyQuery::parse(path.get("id"))?).await?;
    Ok(Json(shown(row, Timestamp::now())))
}

/// Revoke a key
///
/// It is refused from here on, by other backends within a second or two. Streams and WebSockets that
/// it has opened are cut.
#[utoipa::path(
    delete,
    path = "/api/keys/{id}",
    tag = "keys",
    operation_id = "revoke_key",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 204, description = "It is revoked"), Errors)
)]
async fn revoke(
    State(api): State<Api>,
    Extension(caller): Extension<Principal>,
    path: PathText,
) -> Result<StatusCode> {
    let query = KeyQuery::parse(path.get("id"))?;
    api.app.revoke_key(&caller, &query).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(row: KeyRow, now: Timestamp) -> Key {
    let is_over = row.expires_at.is_some_and(|at| at <= now);
    Key {
        state: if is_over {
            KeyState::Expired
        } else {
            KeyState::Active
        },
        id: row.id,
        name: row.name,
        scopes: row.scopes,
        rate: row.rate,
        burst: row.burst,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }
}
