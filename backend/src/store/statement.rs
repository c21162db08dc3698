//! Statements that grow by conditions; texts from outside are bound, never written into them.

use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::connect::Store;
use super::error::{Result, StoreError};
use super::filter::LabelFilter;

/// A value to bind.
pub(super) enum Value {
    Text(String),
    Number(i64),
}

/// A `SELECT` under construction. It begins with a `WHERE`.
pub(super) struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    pub(super) fn new(sql: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds a value, and gives its place.
    pub(super) fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    pub(super) fn and(&mut self, condition: &str) {
        self.sql += " AND ";
        self.sql += condition;
    }

    pub(super) fn and_equals(&mut self, column: &str, value: Value) {
        let place = self.place(value);
        self.and(&format!("{column} = {place}"));
    }

    /// One of the words; nothing is asked for where there are none.
    pub(super) fn and_one_of(&mut self, column: &str, words: impl Iterator<Item = &'static str>) {
        let places: Vec<String> = words
            .map(|word| self.place(Value::Text(word.to_owned())))
            .collect();
        if !places.is_empty() {
            self.and(&format!("{column} IN ({})", places.join(", ")));
        }
    }

    /// All of the labels. `owner` is the column of the table of labels that names the row, and
    /// `id` the row's own.
    pub(super) fn and_labels(
        &mut self,
        table: &str,
        owner: &str,
        id: &str,
        labels: &[LabelFilter],
    ) {
        for label in labels {
            self.and(&format!(
                "EXISTS (SELECT 1 FROM {table} WHERE {owner} = {id}"
            ));
            self.and_equals("key", Value::Text(label.key.clone()));
            if let Some(value) = &label.value {
                self.and_equals("value", Value::Text(value.clone()));
            }
            self.sql.push(')');
        }
    }

    /// Only what stands behind this place in a list, newest first.
    pub(super) fn and_behind(&mut self, created_at: i64, id: String) {
        let time = self.place(Value::Number(created_at));
        let id = self.place(Value::Text(id));
        self.and(&format!(
            "(created_at < {time} OR (created_at = {time} AND id < {id}))"
        ));
    }

    /// The newest ones, up to a number.
    pub(super) fn newest(&mut self, limit: u32) {
        let limit = self.place(Value::Number(i64::from(limit)));
        self.sql += &format!(" ORDER BY created_at DESC, id DESC LIMIT {limit}");
    }

    pub(super) async fn fetch(self, store: &Store, doing: &'static str) -> Result<Vec<AnyRow>> {
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
            .map_err(StoreError::while_doing(doing))
    }
}

/// Where a list goes on: behind the row of this time and id.
pub(super) fn write_cursor(created_at: i64, id: &str) -> String {
    format!("{created_at:x}.{id}")
}

/// Reads [`write_cursor`]'s text.
pub(super) fn read_cursor<Id: std::str::FromStr>(cursor: &str) -> Result<(i64, Id)> {
    let (time, id) = cursor.split_once('.').ok_or(StoreError::BadCursor)?;
    let time = i64::from_str_radix(time, 16).map_err(|_| StoreError::BadCursor)?;
    let id = id.parse().map_err(|_| StoreError::BadCursor)?;
    Ok((time, id))
}
