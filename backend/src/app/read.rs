//! Looking at sandboxes.

use ctnr_engine::Inspection;
use ctnr_model::SandboxQuery;

use super::{App, AppError, Page, PageRequest, Result, Sandbox, SandboxFilter};
use crate::store::{Found, SandboxRow};

impl App {
    /// A page of the sandboxes that exist, newest first.
    pub async fn list_sandboxes(
        &self,
        filter: &SandboxFilter,
        page: &PageRequest,
    ) -> Result<Page<Sandbox>> {
        let page = self.inner.store.list_sandboxes(filter, page).await?;
        Ok(Page {
            items: page.items.into_iter().map(Sandbox::from).collect(),
            next: page.next,
        })
    }

    /// A sandbox, as the database knows it.
    pub async fn sandbox(&self, query: &SandboxQuery) -> Result<Sandbox> {
        Ok(self.find(query).await?.into())
    }

    /// A sandbox, and what its engine knows of it at this moment.
    pub async fn inspect_sandbox(&self, query: &SandboxQuery) -> Result<(Sandbox, Inspection)> {
        let row = self.find(query).await?;
        let inspection = self.engine_of(&row)?.inspect(&row.spec).await?;
        Ok((row.into(), inspection))
    }

    /// How many sandboxes of this host run.
    pub async fn count_alive(&self) -> Result<u64> {
        Ok(self
            .inner
            .store
            .count_alive(&self.inner.installation)
            .await?)
    }

    /// The one sandbox that a query means.
    pub(super) async fn find(&self, query: &SandboxQuery) -> Result<SandboxRow> {
        match self.inner.store.find_sandbox(query).await? {
            Found::One(row) => Ok(*row),
            Found::None => Err(AppError::sandbox_not_found()),
            Found::Many(count) => Err(AppError::ambiguous(query, count)),
        }
    }
}
