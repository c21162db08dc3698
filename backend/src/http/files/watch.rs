//! Being told of changes.

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use ctnr_api::{FileChange, FileChangeKind, WatchQuery};
use ctnr_engine::EngineError;
use futures::{StreamExt, TryStreamExt};

use crate::http::Api;
use crate::http::error::Result;
use crate::http::extract::{Params, SandboxRef};
use crate::http::openapi::Errors;

/// Watch a file or a directory
///
/// Server-sent events; the data of each is a `FileChange` as JSON.
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/files/watch",
    tag = "files",
    operation_id = "watch_files",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), WatchQuery),
    responses(
        (status = 200, description = "Changes without an end", body = FileChange, content_type = "text/event-stream"),
        Errors
    )
)]
pub(in crate::http) async fn watch(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<WatchQuery>,
) -> Result<Response> {
    let files = api.app.files(&query).await?;
    let stopping = api.shared.stopping.clone();
    let changes = files
        .watch(&params.path, params.recursive)
        .await?
        .take_until(stopping.cancelled_owned())
        .and_then(|change| async move {
            Event::default()
                .json_data(convert(change))
                .map_err(|error| EngineError::internal("writing a change as JSON", error))
        });
    Ok(Sse::new(changes)
        .keep_alive(KeepAlive::default())
        .into_response())
}

fn convert(change: ctnr_engine::FileChange) -> FileChange {
    FileChange {
        kind: match change.kind {
            ctnr_engine::FileChangeKind::Created => FileChangeKind::Created,
            ctnr_engine::FileChangeKind::Modified => FileChangeKind::Modified,
            ctnr_engine::FileChangeKind::Removed => FileChangeKind::Removed,
            ctnr_engine::FileChangeKind::Attributes => FileChangeKind::Attributes,
            ctnr_engine::FileChangeKind::Overflow => FileChangeKind::Overflow,
        },
        path: change.path,
    }
}
