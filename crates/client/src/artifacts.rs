//! Containers as artifacts.

use bytes::Bytes;
use ctnr_api::{ExportContainerQuery, ImportContainer, JobStarted, PullContainer, PushContainer};
use ctnr_model::ContainerQuery;

use crate::containers::below;
use crate::{Answer, Client, Result, Stream};

impl Client {
    /// A container as an artifact: a file's bytes.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn export_container(
        &self,
        container: &ContainerQuery,
        query: &ExportContainerQuery,
    ) -> Result<Stream<Bytes>> {
        self.get(&below(container, ["export"]))
            .query(query)?
            .bytes()
            .await
    }

    /// Has a job make a container of an artifact that was uploaded.
    ///
    /// # Errors
    /// As for [`Client::export_container`].
    pub async fn import_container(&self, request: &ImportContainer) -> Result<Answer<JobStarted>> {
        self.post(&["api", "artifacts", "import"])
            .json(request)
            .fetch()
            .await
    }

    /// Has a job send a container to a registry.
    ///
    /// # Errors
    /// As for [`Client::export_container`].
    pub async fn push_container(
        &self,
        container: &ContainerQuery,
        request: &PushContainer,
    ) -> Result<Answer<JobStarted>> {
        self.post(&below(container, ["push"]))
            .json(request)
            .fetch()
            .await
    }

    /// Has a job make a container of an artifact in a registry.
    ///
    /// # Errors
    /// As for [`Client::export_container`].
    pub async fn pull_container(&self, request: &PullContainer) -> Result<Answer<JobStarted>> {
        self.post(&["api", "artifacts", "pull"])
            .json(request)
            .fetch()
            .await
    }
}
