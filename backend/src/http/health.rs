//! `GET /healthz`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ctnr_api::Health;

use super::Api;

/// Is the backend ready?
///
/// Anyone may ask. 503 while the database or the default engine does not answer.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "backend",
    responses(
        (status = 200, description = "Requests can be served", body = Health, example = json!({"status": "ok", "database": "ok"})),
        (status = 503, description = "They cannot", body = Health)
    )
)]
pub(super) async fn health(State(api): State<Api>) -> Response {
    let health = api.app.health().await;
    let (code, status) = if health.is_ready() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    // Anyone may ask, so the cause stays in the log.
    let database = match &health.database {
        Ok(_) => "ok",
        Err(error) => {
            tracing::warn!("the database does not answer: {error}");
            "unavailable"
        }
    };
    let body = Health {
        status: status.to_owned(),
        database: database.to_owned(),
    };
    (code, Json(body)).into_response()
}
