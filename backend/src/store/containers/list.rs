//! Lists of containers, newest first, in pages.

use ctnr_model::{ContainerId, ContainerName, ContainerState};

use super::row::{ContainerRow, select_containers};
use crate::store::connect::Store;
use crate::store::error::Result;
use crate::store::filter::LabelFilter;
use crate::store::page::{Page, PageRequest};
use crate::store::statement::{Statement, Value, read_cursor, write_cursor};
use crate::store::time::to_column;

/// Which containers a list shows. All conditions hold together; an empty one holds always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerFilter {
    /// Those in one of these states.
    pub states: Vec<ContainerState>,
    /// Those with all of these labels.
    pub labels: Vec<LabelFilter>,
    /// The one with this name.
    pub name: Option<ContainerName>,
}

impl Store {
    /// A page of the containers.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`](crate::store::StoreError::BadCursor).
    pub async fn list_containers(
        &self,
        filter: &ContainerFilter,
        page: &PageRequest,
    ) -> Result<Page<ContainerRow>> {
        let mut statement = Statement::new(select_containers!("WHERE 1 = 1"));
        statement.and_one_of("state", filter.states.iter().map(|state| state.as_str()));
        statement.and_labels(
            "container_labels",
            "container_id",
            "containers.id",
            &filter.labels,
        );
        if let Some(name) = &filter.name {
            statement.and_equals("name", Value::Text(name.to_string()));
        }
        if let Some(cursor) = &page.cursor {
            let (created_at, id) = read_cursor::<ContainerId>(cursor)?;
            statement.and_behind(created_at, id.to_string());
        }
        statement.newest(page.size() + 1);
        let items = statement
            .fetch(self, "listing containers")
            .await?
            .iter()
            .map(ContainerRow::read)
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(items, page, |row| {
            write_cursor(to_column(row.created_at), row.id.as_str())
        }))
    }
}
