//! Making a container beside another one, of what that holds.

use ctnr_model::{ContainerId, ContainerQuery, ContainerState, EventAction};
use jiff::Timestamp;

use super::create::made_up_name;
use super::find::must_be_whole;
use super::{CloneRequest, Container, RequestId};
use crate::app::{App, Result};
use crate::store::{ContainerRow, Created, RequestKey, StoreError, tell_container};

/// How often a made-up name may be taken before that is an error.
const NAME_ATTEMPTS: u32 = 16;

impl App {
    /// Makes a container with the same runtime and the same layers, the live data among them. The
    /// container that it is made from is stopped for that.
    pub async fn clone_container(
        &self,
        query: &ContainerQuery,
        request: CloneRequest,
        id: Option<&RequestId>,
    ) -> Result<Container> {
        let source = self.container(query).await?;
        let key = id.map(|id| id.key(&(&source.id, &request)));
        let app = self.clone();
        self.change(async move { app.clone_row(source.id, request, key).await })
            .await
    }

    async fn clone_row(
        &self,
        source: ContainerId,
        request: CloneRequest,
        key: Option<RequestKey>,
    ) -> Result<Container> {
        let lock = self.inner.container_locks.lock(&source).await;
        let mut source = self.container_by_id(&source).await?;
        must_be_whole(&source)?;
        self.down(&mut source, &lock).await?;
        self.freeze(&mut source, None, &lock).await?;
        let is_made_up = request.name.is_none();
        let now = Timestamp::now();
        let mut row = ContainerRow {
            id: ContainerId::from_random(rand::random()),
            name: match request.name {
                Some(name) => name,
                None => made_up_name(0)?,
            },
            state: ContainerState::Stopped,
            job: None,
            error: None,
            revision: 1,
            created_at: now,
            changed_at: now,
            ..source
        };
        if let Some(labels) = request.labels {
            row.spec.labels = labels;
        }
        let mut attempt = 0;
        loop {
            let event = tell_container(&row, EventAction::Clone);
            let created = self
                .inner
                .store
                .create_container(&row, None, key.as_ref(), event)
                .await;
            match created {
                Ok(Created::New) => return Ok(row),
                Ok(Created::Before(id)) => return self.made_before(&id).await,
                Err(StoreError::ContainerNameTaken { .. })
                    if is_made_up && attempt < NAME_ATTEMPTS =>
                {
                    attempt += 1;
                    row.name = made_up_name(attempt)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
