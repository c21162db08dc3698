//! Looking at containers.

use std::sync::Arc;

use ctnr_engine::SandboxEngine;
use ctnr_model::{ContainerId, ContainerQuery, ContainerState};

use super::{Container, ContainerFilter, LABEL};
use crate::app::{App, AppError, Page, PageRequest, Result};
use crate::store::{FoundContainer, SandboxRow};

impl App {
    /// A page of the containers, newest first.
    pub async fn list_containers(
        &self,
        filter: &ContainerFilter,
        page: &PageRequest,
    ) -> Result<Page<Container>> {
        Ok(self.inner.store.list_containers(filter, page).await?)
    }

    /// The one container that a query means.
    pub async fn container(&self, query: &ContainerQuery) -> Result<Container> {
        match self.inner.store.find_container(query).await? {
            FoundContainer::One(row) => Ok(*row),
            FoundContainer::None => Err(not_found()),
            FoundContainer::Many => Err(AppError::Conflict(format!(
                "several containers have ids that begin with {}; give more digits",
                query.as_str()
            ))),
        }
    }

    /// A container by its id, which must be there still.
    pub(in crate::app) async fn container_by_id(&self, id: &ContainerId) -> Result<Container> {
        self.inner.store.container(id).await?.ok_or_else(not_found)
    }

    /// The engine that runs a container of this host.
    pub(in crate::app) fn engine_of_container(
        &self,
        row: &Container,
    ) -> Result<Arc<dyn SandboxEngine>> {
        if row.host != self.inner.installation {
            return Err(AppError::Unavailable(format!(
                "container {} lives on another host, with the data directory {}; ask the backend there",
                row.label(),
                row.host
            )));
        }
        Ok(self.inner.engines.get(row.engine)?)
    }

    /// Refuses a change of a sandbox that a container owns.
    pub(in crate::app) async fn refuse_container(
        &self,
        row: &SandboxRow,
        verb: &str,
    ) -> Result<()> {
        if !row.spec.labels.contains_key(LABEL) {
            return Ok(());
        }
        match self.inner.store.container_of_sandbox(&row.spec.id).await? {
            Some(container) => Err(AppError::Conflict(format!(
                "sandbox {} is what container {} runs in; {verb} that one, at /api/containers/{}",
                row.spec.id.short(),
                container.label(),
                container.id.short()
            ))),
            None => Ok(()),
        }
    }
}

/// No container answers to the query.
pub(super) fn not_found() -> AppError {
    AppError::NotFound("container not found".to_owned())
}

/// Another request has let the container's sandbox go since this one looked.
pub(super) fn being_changed() -> AppError {
    AppError::Unavailable("the container is being changed; try again".to_owned())
}

/// Refuses what can't be done to a container in its state.
pub(super) fn must_be_whole(row: &Container) -> Result<()> {
    let what = match row.state {
        ContainerState::Creating => "is still being made; wait for its job".to_owned(),
        ContainerState::Failed => format!(
            "could not be made ({}); delete it, and make it again",
            row.error.as_deref().unwrap_or("the cause is not known")
        ),
        ContainerState::Deleting => "is being deleted".to_owned(),
        ContainerState::Stopped
        | ContainerState::Starting
        | ContainerState::Running
        | ContainerState::Stopping => match &row.capture {
            None => return Ok(()),
            Some(job) => format!(
                "is being captured by job {}; wait for it, or call it off",
                job.short()
            ),
        },
    };
    Err(AppError::Conflict(format!(
        "container {} {what}",
        row.label()
    )))
}
