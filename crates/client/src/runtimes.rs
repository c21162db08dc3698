//! Runtimes, layers and the host that containers run on.

use std::io;

use bytes::Bytes;
use ctnr_api::{BuildRuntime, HostInfo, JobStarted, Layer, RuntimeList, UploadLayerQuery};

use crate::files::marked;
use crate::{Answer, Client, Result};

const RUNTIMES: [&str; 2] = ["api", "runtimes"];

impl Client {
    /// The runtimes of the host, newest first.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn list_runtimes(&self) -> Result<Answer<RuntimeList>> {
        self.get(&RUNTIMES).fetch().await
    }

    /// Has a runtime built by a job.
    ///
    /// # Errors
    /// As for [`Client::list_runtimes`].
    pub async fn build_runtime(&self, request: &BuildRuntime) -> Result<Answer<JobStarted>> {
        self.post(&RUNTIMES).json(request).fetch().await
    }

    /// Removes a runtime that no container is on.
    ///
    /// # Errors
    /// As for [`Client::list_runtimes`].
    pub async fn remove_runtime(&self, runtime: &str) -> Result<()> {
        self.delete(&[RUNTIMES[0], RUNTIMES[1], runtime])
            .done()
            .await
    }

    /// Uploads a tar archive as a layer of files.
    ///
    /// # Errors
    /// As for [`Client::list_runtimes`], and
    /// [`ClientError::Source`](crate::ClientError::Source) where `archive` fails.
    pub async fn upload_layer(
        &self,
        query: &UploadLayerQuery,
        archive: impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<Answer<Layer>> {
        self.post(&["api", "layers"])
            .query(query)?
            .body("application/x-tar", marked(archive))
            .fetch()
            .await
    }

    /// What the host can do for containers.
    ///
    /// # Errors
    /// As for [`Client::list_runtimes`].
    pub async fn inspect_host(&self) -> Result<Answer<HostInfo>> {
        self.get(&["api", "host"]).fetch().await
    }
}
