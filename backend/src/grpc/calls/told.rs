//! Logs and events.

use axum::http::Method;
use ctnr_protocol::v1::*;
use futures::{StreamExt, TryStreamExt};

use super::{Answer, Containers, answer};
use crate::grpc::asked::Asked;
use crate::grpc::call::Call;
use crate::grpc::convert;
use crate::grpc::streams::{Messages, endless, record, until_stop};

impl Containers {
    pub(super) async fn stream_logs(
        &self,
        call: Call,
        request: StreamLogsRequest,
    ) -> Answer<Messages<LogRecord>> {
        let asked = Asked::container(Method::GET, &request.id, &["logs"])?
            .query("follow", Some(request.follow))
            .query("tail", request.tail)
            .query("since", request.since)
            .query("until", request.until)
            .query("stdout", Some(!request.omit_stdout))
            .query("stderr", Some(!request.omit_stderr))
            .query("encoding", Some("base64"));
        let (frames, told) = self.lines(&call, asked).await?;
        let records = frames.and_then(async |frame| record(frame)).boxed();
        Ok(answer(until_stop(records, self.stopping.clone()), told))
    }

    pub(super) async fn stream_events(
        &self,
        call: Call,
        request: StreamEventsRequest,
    ) -> Answer<Messages<Event>> {
        let asked = Asked::new(Method::GET, &["api", "events", "containers"])?
            .query("after", request.after)
            .each("id", request.ids);
        let (events, told) = self.lines(&call, asked).await?;
        let events = events.map_ok(convert::event).boxed();
        Ok(answer(endless(events, self.stopping.clone()), told))
    }
}
