//! Lists of sandboxes, newest first, in pages.
//!
//! A page goes on behind the last sandbox of the page before (its time and id), so that it neither
//! repeats nor leaves out what stays, whatever is made or deleted in between.

use ctnr_model::{SandboxId, SandboxState};

use super::connect::Store;
use super::error::Result;
use super::filter::SandboxFilter;
use super::page::{Page, PageRequest};
use super::row::{SandboxRow, select_sandboxes};
use super::statement::{Statement, Value, read_cursor, write_cursor};
use super::time::to_column;

impl Store {
    /// A page of the sandboxes that exist.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`](super::StoreError::BadCursor).
    pub async fn list_sandboxes(
        &self,
        filter: &SandboxFilter,
        page: &PageRequest,
    ) -> Result<Page<SandboxRow>> {
        let mut statement = Statement::new(select_sandboxes!("WHERE phase <> 'creating'"));
        let running = [SandboxState::Running, SandboxState::Paused];
        let states: &[SandboxState] = match (filter.states.as_slice(), filter.all) {
            ([], false) => &running,
            (states, _) => states,
        };
        statement.and_one_of("state", states.iter().map(|state| state.as_str()));
        statement.and_labels(
            "sandbox_labels",
            "sandbox_id",
            "sandboxes.id",
            &filter.labels,
        );
        if let Some(name) = &filter.name {
            statement.and_equals("name", Value::Text(name.to_string()));
        }
        if let Some(cursor) = &page.cursor {
            let (created_at, id) = read_cursor::<SandboxId>(cursor)?;
            statement.and_behind(created_at, id.to_string());
        }
        statement.newest(page.size() + 1);
        let items = statement
            .fetch(self, "listing sandboxes")
            .await?
            .iter()
            .map(SandboxRow::read)
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(items, page, |row| {
            write_cursor(to_column(row.created_at), row.spec.id.as_str())
        }))
    }
}
