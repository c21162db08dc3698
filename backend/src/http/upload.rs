//! Bodies that are streamed in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::io::AsyncRead;
use tokio::time::{Instant, Sleep};
use tokio_util::io::StreamReader;

use super::error::{ApiError, Result};
use crate::app::AppError;

/// The longest that a body may come to a standstill.
const STALL: Duration = Duration::from_secs(60);

/// What became of a body while it was read elsewhere.
#[derive(Clone, Default)]
pub(super) struct Fate {
    stalled: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
}

impl Fate {
    /// The result of what read the body. Where the body failed, the error is the caller's, whatever
    /// the reader made of it.
    pub(super) fn judge<T>(&self, result: std::result::Result<T, AppError>) -> Result<T> {
        result.map_err(|error| {
            if self.stalled.load(Ordering::Relaxed) {
                ApiError::stalled(STALL.as_secs())
            } else if self.broken.load(Ordering::Relaxed) {
                ApiError::bad_request("the body broke off; send it again")
            } else {
                error.into()
            }
        })
    }
}

/// A body as a reader, of any length, that fails where nothing comes for a minute.
pub(super) fn reader(body: Body) -> (Box<dyn AsyncRead + Send + Unpin>, Fate) {
    let fate = Fate::default();
    let stream = Upload {
        data: body.into_data_stream(),
        stall: Box::pin(tokio::time::sleep(STALL)),
        fate: fate.clone(),
    };
    (Box::new(StreamReader::new(stream)), fate)
}

struct Upload {
    data: BodyDataStream,
    stall: Pin<Box<Sleep>>,
    fate: Fate,
}

impl Stream for Upload {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(item) = self.data.poll_next_unpin(cx) {
            self.stall.as_mut().reset(Instant::now() + STALL);
            let item = item.map(|chunk| {
                chunk.map_err(|error| {
                    self.fate.broken.store(true, Ordering::Relaxed);
                    io::Error::new(io::ErrorKind::UnexpectedEof, error)
                })
            });
            return Poll::Ready(item);
        }
        ready!(self.stall.as_mut().poll(cx));
        self.fate.stalled.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())))
    }
}
