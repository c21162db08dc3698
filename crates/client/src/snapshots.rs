//! Snapshots of containers.

use ctnr_api::{Container, CreateSnapshot, RollbackRequest, Snapshot, SnapshotList};
use ctnr_model::ContainerQuery;

use crate::containers::below;
use crate::{Answer, Client, Result};

impl Client {
    /// The snapshots of a container, oldest first.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn list_snapshots(&self, container: &ContainerQuery) -> Result<Answer<SnapshotList>> {
        self.get(&below(container, ["snapshots"])).fetch().await
    }

    /// Keeps what a container holds.
    ///
    /// # Errors
    /// As for [`Client::list_snapshots`].
    pub async fn create_snapshot(
        &self,
        container: &ContainerQuery,
        request: &CreateSnapshot,
    ) -> Result<Answer<Snapshot>> {
        self.post(&below(container, ["snapshots"]))
            .json(request)
            .fetch()
            .await
    }

    /// Forgets a snapshot.
    ///
    /// # Errors
    /// As for [`Client::list_snapshots`].
    pub async fn delete_snapshot(&self, container: &ContainerQuery, name: &str) -> Result<()> {
        self.delete(&below(container, ["snapshots", name]))
            .done()
            .await
    }

    /// Puts a container back to a snapshot.
    ///
    /// # Errors
    /// As for [`Client::list_snapshots`].
    pub async fn rollback_container(
        &self,
        container: &ContainerQuery,
        request: &RollbackRequest,
    ) -> Result<Answer<Container>> {
        self.post(&below(container, ["rollback"]))
            .json(request)
            .fetch()
            .await
    }

    /// Drops a container's data; the program stays.
    ///
    /// # Errors
    /// As for [`Client::list_snapshots`].
    pub async fn reset_container(&self, container: &ContainerQuery) -> Result<Answer<Container>> {
        self.post(&below(container, ["reset"])).fetch().await
    }
}
