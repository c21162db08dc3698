//! What a key has begun ends with it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures::future::BoxFuture;
use hyper::body::{Body as _, Frame, SizeHint};

use crate::access::{Key, Principal};

/// The end of a caller's right to go on: for a key its revocation or expiry, for others never.
#[derive(Debug, Clone)]
pub(in crate::http) struct Hold(Option<Arc<Key>>);

impl Hold {
    pub(in crate::http) fn of(principal: &Principal) -> Self {
        Self(principal.key().cloned())
    }

    /// Resolves when it has come.
    pub(in crate::http) async fn ended(&self) {
        match &self.0 {
            Some(key) => key.ended().await,
            None => std::future::pending().await,
        }
    }

    /// The answer, whose body fails when the end comes before its own. It does not end in order:
    /// half an archive must not look like a whole one.
    pub(in crate::http) fn over(self, response: Response) -> Response {
        if self.0.is_none() || response.body().size_hint().exact().is_some() {
            return response;
        }
        response.map(|body| {
            Body::new(HeldBody {
                body,
                ended: Box::pin(async move { self.ended().await }),
            })
        })
    }
}

/// Why a body was cut.
#[derive(Debug, thiserror::Error)]
#[error("the API key was revoked, or its time is over")]
struct Ended;

struct HeldBody {
    body: Body,
    ended: BoxFuture<'static, ()>,
}

impl hyper::body::Body for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(axum::Error::new(Ended))));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
