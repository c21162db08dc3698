//! Lists of sandboxes, newest first, in pages.
//!
//! A page goes on behind the last sandbox of the page before (its time and id), so that it neither
//! repeats nor leaves out what stays, whatever is made or deleted in between.

use ctnr_model::SandboxState;
use sqlx::AssertSqlSafe;

use super::connect::Store;
use super::error::{Result, StoreError};
use super::filter::SandboxFilter;
use super::page::{Page, PageRequest};
use super::row::{SandboxRow, select_sandboxes};
use super::time::to_column;

impl Store {
    /// A page of the sandboxes that exist.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`].
    pub async fn list_sandboxes(
        &self,
        filter: &SandboxFilter,
        page: &PageRequest,
    ) -> Result<Page<SandboxRow>> {
        let size = page.size();
        let mut statement = Statement::new(select_sandboxes!("WHERE phase <> 'creating'"));
        statement.states(filter);
        for label in &filter.labels {
            statement.and("EXISTS (SELECT 1 FROM sandbox_labels WHERE sandbox_id = sandboxes.id");
            statement.and_equals("key", Value::Text(label.key.clone()));
            if let Some(value) = &label.value {
                statement.and_equals("value", Value::Text(value.clone()));
            }
            statement.sql.push(')');
        }
        if let Some(name) = &filter.name {
            statement.and_equals("name", Value::Text(name.to_string()));
        }
        if let Some(cursor) = &page.cursor {
            let (created_at, id) = read_cursor(cursor)?;
            let time = statement.place(Value::Number(created_at));
            let id = statement.place(Value::Text(id));
            statement.and(&format!(
                "(created_at < {time} OR (created_at = {time} AND id < {id}))"
            ));
        }
        let limit = statement.place(Value::Number(i64::from(size) + 1));
        statement.sql += &format!(" ORDER BY created_at DESC, id DESC LIMIT {limit}");

        let mut items = statement.fetch(self).await?;
        let mut next = None;
        if items.len() > size as usize {
            items.truncate(size as usize);
            next = items.last().map(write_cursor);
        }
        Ok(Page { items, next })
    }
}

/// A value to bind.
enum Value {
    Text(String),
    Number(i64),
}

/// A statement that grows by conditions; texts from outside are bound, never written into it.
struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    fn new(sql: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            values: Vec::new(),
        }
    }

    fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn and(&mut self, condition: &str) {
        self.sql += " AND ";
        self.sql += condition;
    }

    fn and_equals(&mut self, column: &str, value: Value) {
        let place = self.place(value);
        self.and(&format!("{column} = {place}"));
    }

    fn states(&mut self, filter: &SandboxFilter) {
        let running = [SandboxState::Running, SandboxState::Paused];
        let states: &[SandboxState] = match (filter.states.as_slice(), filter.all) {
            ([], true) => return,
            ([], false) => &running,
            (states, _) => states,
        };
        let places: Vec<String> = states
            .iter()
            .map(|state| self.place(Value::Text(state.as_str().to_owned())))
            .collect();
        self.and(&format!("state IN ({})", places.join(", ")));
    }

    async fn fetch(self, store: &Store) -> Result<Vec<SandboxRow>> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql));
        for value in self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
            };
        }
        query
            .fetch_all(&store.readers)
            .await
            .map_err(StoreError::while_doing("listing sandboxes"))?
            .iter()
            .map(SandboxRow::read)
            .collect()
    }
}

fn write_cursor(row: &SandboxRow) -> String {
    format!("{:x}.{}", to_column(row.created_at), row.spec.id)
}

fn read_cursor(cursor: &str) -> Result<(i64, String)> {
    let (time, id) = cursor.split_once('.').ok_or(StoreError::BadCursor)?;
    let time = i64::from_str_radix(time, 16).map_err(|_| StoreError::BadCursor)?;
    let id = ctnr_model::SandboxId::parse(id).map_err(|_| StoreError::BadCursor)?;
    Ok((time, id.to_string()))
}
