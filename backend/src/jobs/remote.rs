//! Having jobs done by the backends that own the hosts, over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};

use super::executions::Performed;
use super::perform::{Perform, PerformError};
use crate::store::{HostRow, JobRow, Store, StoreError};

/// The header that proves to a backend that a request comes from the platform itself.
pub const INTERNAL_HEADER: &str = "x-ctnr-internal";

/// For how long a host that was seen counts as being there.
pub const HOST_PATIENCE: Duration = Duration::from_secs(30);

/// How long the owner keeps a request that asks for a job to be done.
pub const PERFORM_PATIENCE: Duration = Duration::from_secs(15);

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(25);

/// The longest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// The body of `POST /internal/jobs/{id}/perform`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformRequest {
    /// The fencing token of the lease.
    pub fence: i64,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformAnswer {
    /// What has come of it.
    pub performed: Performed,
}

/// Asks the owners of the hosts.
pub(super) struct Remote {
    store: Store,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Remote {
    /// Finds the owners in the database.
    pub(super) fn new(store: Store) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        connector.set_keepalive(Some(Duration::from_secs(10)));
        Self {
            store,
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    /// The host of a job. One that any host can do is given to the one that was seen last.
    async fn host_of(&self, job: &JobRow) -> Result<HostRow, PerformError> {
        let failed = |error: StoreError| PerformError(error.to_string());
        // It may have been given to a host since it was claimed.
        let current = self.store.job(&job.id).await.map_err(failed)?;
        let named = current.and_then(|job| job.host);
        if let Some(installation) = named {
            let host = self.store.host(&installation).await.map_err(failed)?;
            return host.ok_or_else(|| {
                PerformError(format!(
                    "no backend holds the host {installation}; start the one on its data directory, with this database"
                ))
            });
        }
        let there = self.store.hosts_seen(HOST_PATIENCE).await.map_err(failed)?;
        let host = there.into_iter().next().ok_or_else(|| {
            PerformError("no backend holds a host; start one with this database".to_owned())
        })?;
        self.store
            .assign_job(&job.lease(), &host.installation)
            .await
            .map_err(failed)?;
        Ok(host)
    }

    async fn ask(&self, host: &HostRow, job: &JobRow) -> Result<Performed, PerformError> {
        let failed = |cause: &dyn std::fmt::Display| {
            PerformError(format!(
                "the backend of the host {} at {} does not answer as it should: {cause}",
                host.installation, host.url
            ))
        };
        let body = serde_json::to_vec(&PerformRequest { fence: job.fence })
            .map_err(|error| failed(&error))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/internal/jobs/{}/perform", host.url, job.id))
            .header(CONTENT_TYPE, "application/json")
            .header(INTERNAL_HEADER, &host.secret)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(&error))?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| failed(&Chain(&error)))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| failed(&error))?
            .to_bytes();
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&body);
            return Err(failed(&format!("{status}: {text}")));
        }
        let answer: PerformAnswer =
            serde_json::from_slice(&body).map_err(|error| failed(&error))?;
        Ok(answer.performed)
    }
}

#[async_trait]
impl Perform for Remote {
    async fn perform(&self, job: &JobRow) -> Result<Performed, PerformError> {
        let host = self.host_of(job).await?;
        tokio::time::timeout(TIMEOUT, self.ask(&host, job))
            .await
            .unwrap_or_else(|_| {
                Err(PerformError(format!(
                    "the backend of the host {} at {} does not answer",
                    host.installation, host.url
                )))
            })
    }
}

/// An error with its causes.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
