//! Win32 containers: making, looking at, starting and ending them.

use ctnr_api::{
    CloneContainer, Container, ContainerDeletions, ContainerList, ContainerListQuery,
    CreateContainer, DeleteContainers, IDEMPOTENCY_KEY, MoveRuntime, PlanQuery, StopRequest,
};
use ctnr_model::ContainerQuery;
use futures::TryStreamExt;
use reqwest::header::HeaderName;

use crate::{Answer, Client, Result};

const CONTAINERS: [&str; 2] = ["api", "containers"];

/// The segments of a route below a container.
pub(crate) fn below<'a, const N: usize>(
    container: &'a ContainerQuery,
    rest: [&'a str; N],
) -> Vec<&'a str> {
    CONTAINERS
        .into_iter()
        .chain([container.as_str()])
        .chain(rest)
        .collect()
}

/// The header that makes a request safe to repeat.
fn idempotency_key() -> Result<HeaderName> {
    HeaderName::from_bytes(IDEMPOTENCY_KEY.as_bytes())
        .map_err(|error| crate::ClientError::Setup(error.to_string()))
}

impl Client {
    /// Creates a container. With `key`, which the caller makes up, the request may be repeated.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn create_container(
        &self,
        container: &CreateContainer,
        key: Option<&str>,
    ) -> Result<Answer<Container>> {
        let mut request = self.post(&CONTAINERS).json(container);
        if let Some(key) = key {
            request = request.header(idempotency_key()?, key);
        }
        request.fetch().await
    }

    /// One page of the containers.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn list_containers(
        &self,
        query: &ContainerListQuery,
    ) -> Result<Answer<ContainerList>> {
        self.get(&CONTAINERS).query(query)?.fetch().await
    }

    /// A container.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn inspect_container(&self, container: &ContainerQuery) -> Result<Answer<Container>> {
        self.get(&below(container, [])).fetch().await
    }

    /// The text of a container's manifest.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn container_manifest(&self, container: &ContainerQuery) -> Result<String> {
        let pieces = self.get(&below(container, ["manifest"])).bytes().await?;
        let bytes: Vec<u8> = pieces
            .try_fold(Vec::new(), |mut all, piece| async move {
                all.extend_from_slice(&piece);
                Ok(all)
            })
            .await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What a container means on a host, resolved.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn plan_container(
        &self,
        container: &ContainerQuery,
        query: &PlanQuery,
    ) -> Result<Answer<serde_json::Value>> {
        self.get(&below(container, ["plan"]))
            .query(query)?
            .fetch()
            .await
    }

    /// Starts a container's session.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn start_container(&self, container: &ContainerQuery) -> Result<Answer<Container>> {
        self.post(&below(container, ["start"])).fetch().await
    }

    /// Stops a container's session.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn stop_container(
        &self,
        container: &ContainerQuery,
        request: &StopRequest,
    ) -> Result<Answer<Container>> {
        self.post(&below(container, ["stop"]))
            .json(request)
            .fetch()
            .await
    }

    /// Makes a container beside another one, of what that holds. With `key`, which the caller makes
    /// up, the request may be repeated.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn clone_container(
        &self,
        container: &ContainerQuery,
        request: &CloneContainer,
        key: Option<&str>,
    ) -> Result<Answer<Container>> {
        let mut call = self.post(&below(container, ["clone"])).json(request);
        if let Some(key) = key {
            call = call.header(idempotency_key()?, key);
        }
        call.fetch().await
    }

    /// Moves a container to another runtime.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn move_container(
        &self,
        container: &ContainerQuery,
        request: &MoveRuntime,
    ) -> Result<Answer<Container>> {
        self.post(&below(container, ["runtime"]))
            .json(request)
            .fetch()
            .await
    }

    /// Removes a container with all that is in it, running or not.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn delete_container(&self, container: &ContainerQuery) -> Result<()> {
        self.delete(&below(container, [])).done().await
    }

    /// Removes several containers; the answer says what became of each.
    ///
    /// # Errors
    /// As for [`Client::create_container`].
    pub async fn delete_containers(
        &self,
        request: &DeleteContainers,
    ) -> Result<Answer<ContainerDeletions>> {
        self.delete(&CONTAINERS).json(request).fetch().await
    }
}
