//! Doing what a request from outside asks for.

use super::message::RequestContainer;
use crate::app::{App, RequestId};
use crate::http::wanted_container;
use crate::jobs::{JobContext, JobError, JobResult};

/// Records the container as `POST /api/containers` does, with the job's id as its
/// `Idempotency-Key`: a second attempt finds the container of the first.
pub(in crate::jobs) async fn request_container(
    app: App,
    job: RequestContainer,
    context: JobContext,
) -> JobResult {
    context.check()?;
    let wanted =
        wanted_container(job.container).map_err(|error| JobError::Failed(error.to_string()))?;
    let key = RequestId::parse(&format!("job {}", context.job().id));
    let container = app.create_container(wanted, key.as_ref()).await?;
    Ok(serde_json::json!({
        "container": container.id,
        "job": container.job,
    }))
}
