//! Jobs.

use axum::http::Method;
use ctnr_api as api;
use ctnr_protocol::v1::*;
use futures::{StreamExt, TryStreamExt};

use super::{Answer, Containers, LAST_EVENT_ID, answer, token};
use crate::grpc::asked::Asked;
use crate::grpc::call::Call;
use crate::grpc::convert;
use crate::grpc::streams::{Messages, until_stop};

impl Containers {
    pub(super) async fn list_jobs(
        &self,
        call: Call,
        request: ListJobsRequest,
    ) -> Answer<ListJobsResponse> {
        let asked = Asked::new(Method::GET, &["api", "jobs"])?
            .each("state", request.states)
            .each("kind", request.kinds)
            .query("container", request.container)
            .query("limit", request.page_size)
            .query("cursor", token(request.page_token));
        let convert = |list: api::JobList| ListJobsResponse {
            jobs: list.jobs.into_iter().map(convert::job).collect(),
            next_page_token: list.next.unwrap_or_default(),
        };
        self.ask(&call, asked, convert).await
    }

    pub(super) async fn get_job(&self, call: Call, request: GetJobRequest) -> Answer<Job> {
        let asked = Asked::new(Method::GET, &["api", "jobs", &request.id])?;
        self.ask(&call, asked, convert::job).await
    }

    pub(super) async fn watch_job(
        &self,
        call: Call,
        request: WatchJobRequest,
    ) -> Answer<Messages<Job>> {
        let asked = Asked::new(Method::GET, &["api", "jobs", &request.id, "events"])?
            .header(LAST_EVENT_ID, request.after);
        let (jobs, told) = self.lines(&call, asked).await?;
        let jobs = jobs.map_ok(convert::job).boxed();
        Ok(answer(until_stop(jobs, self.stopping.clone()), told))
    }

    pub(super) async fn cancel_job(&self, call: Call, request: CancelJobRequest) -> Answer<Job> {
        let asked = Asked::new(Method::DELETE, &["api", "jobs", &request.id])?;
        self.ask(&call, asked, convert::job).await
    }

    pub(super) async fn retry_job(&self, call: Call, request: RetryJobRequest) -> Answer<Job> {
        let asked = Asked::new(Method::POST, &["api", "jobs", &request.id, "retry"])?;
        self.ask(&call, asked, convert::job).await
    }
}
