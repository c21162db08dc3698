//! Long work on images, told as it goes on.

use std::future::Future;

use axum::Json;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use ctnr_api::{ImageFrame, ImageProgress};
use futures::{Stream, StreamExt};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::http::error::Result;
use crate::http::ndjson::{self, accepts};

/// Lines of progress that wait to be sent; a slow reader slows nothing down, and misses some.
const WAITING: usize = 64;

/// Answers with the progress of `work` and its end as lines of JSON; or, where the caller asks for
/// `application/json`, with its end alone and the status that goes with it. The work stops when
/// the caller goes away.
pub(super) async fn respond<T, W>(
    headers: &HeaderMap,
    work: impl FnOnce(mpsc::Sender<ctnr_engine::ImageProgress>) -> W,
    last: impl FnOnce(T) -> ImageFrame + Send + 'static,
) -> Result<Response>
where
    T: Serialize + Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    let work = work(sender);
    if accepts(headers, "application/json") {
        drop(receiver);
        return Ok(Json(work.await?).into_response());
    }
    let end = async move {
        match work.await {
            Ok(value) => last(value),
            Err(error) => ImageFrame::Error(error.into_body()),
        }
    };
    Ok(ndjson::respond(frames(receiver, end)))
}

/// The progress while the work goes on, then its end.
fn frames(
    receiver: mpsc::Receiver<ctnr_engine::ImageProgress>,
    end: impl Future<Output = ImageFrame> + Send + 'static,
) -> impl Stream<Item = ImageFrame> + Send + 'static {
    let progress = futures::stream::unfold(receiver, |mut receiver| async move {
        let progress = receiver.recv().await?;
        Some((ImageFrame::Progress(convert(progress)), receiver))
    });
    // Both are polled together: the work must go on for progress to come. The end is the last
    // line, since the sender goes with the work, and what it had sent is passed on before.
    let (done, is_done) = tokio::sync::oneshot::channel();
    let end = futures::stream::once(async move {
        let frame = end.await;
        // The receiver is part of the same stream and lives as long.
        let _ = done.send(frame);
        None
    });
    let last = futures::stream::once(is_done).filter_map(|frame| async move { frame.ok() });
    futures::stream::select(progress.map(Some), end)
        .filter_map(|frame| async move { frame })
        .chain(last)
}

fn convert(progress: ctnr_engine::ImageProgress) -> ImageProgress {
    ImageProgress {
        subject: progress.subject,
        phase: progress.phase,
        done: progress.done,
        total: progress.total,
    }
}
