//! Lists of jobs, newest first, in pages; and single ones.

use ctnr_model::{ContainerId, JobId, JobKind, JobState};
use sqlx::AssertSqlSafe;
use tokio::sync::watch;

use super::row::{JobRow, job_columns};
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::page::{Page, PageRequest};
use crate::store::time::to_column;

/// Which jobs a list shows. All conditions hold together; an empty one holds always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// In one of these states.
    pub states: Vec<JobState>,
    /// Of one of these kinds.
    pub kinds: Vec<JobKind>,
    /// About this container.
    pub container: Option<ContainerId>,
}

impl Store {
    /// A job.
    pub async fn job(&self, id: &JobId) -> Result<Option<JobRow>> {
        sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE id = $1"
        ))
        .bind(id.to_string())
        .fetch_optional(&self.readers)
        .await
        .map_err(StoreError::while_doing("looking a job up"))?
        .map(|row| JobRow::read(&row))
        .transpose()
    }

    /// The jobs whose ids begin with `prefix`, two at most.
    pub async fn jobs_by_prefix(&self, prefix: &str) -> Result<Vec<JobRow>> {
        // As with sandboxes: hexadecimal digits sort below g in every collation.
        sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE id >= $1 AND id < $2 LIMIT 2"
        ))
        .bind(prefix.to_owned())
        .bind(format!("{prefix}g"))
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("looking a job up"))?
        .iter()
        .map(JobRow::read)
        .collect()
    }

    /// A page of the jobs.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`].
    pub async fn list_jobs(&self, filter: &JobFilter, page: &PageRequest) -> Result<Page<JobRow>> {
        let size = page.size();
        let mut texts: Vec<String> = Vec::new();
        let mut place = |text: String| {
            texts.push(text);
            format!("${}", texts.len() + 2)
        };
        let mut conditions = Vec::new();
        let states = filter.states.iter().map(ToString::to_string);
        let kinds = filter.kinds.iter().map(ToString::to_string);
        for (column, values) in [
            ("state", states.collect::<Vec<_>>()),
            ("kind", kinds.collect()),
        ] {
            if !values.is_empty() {
                let places: Vec<String> = values.into_iter().map(&mut place).collect();
                conditions.push(format!("{column} IN ({})", places.join(", ")));
            }
        }
        if let Some(container) = &filter.container {
            conditions.push(format!("container_id = {}", place(container.to_string())));
        }
        let mut time = i64::MAX;
        if let Some(cursor) = &page.cursor {
            let (created_at, id) = read_cursor(cursor)?;
            time = created_at;
            let id = place(id.to_string());
            conditions.push(format!("(created_at < $2 OR id < {id})"));
        }
        // Every job is of before the end of time, so that the second place is always used.
        conditions.push("created_at <= $2".to_owned());

        let mut query = sqlx::query(AssertSqlSafe(format!(
            "SELECT {} FROM jobs WHERE {} ORDER BY created_at DESC, id DESC LIMIT $1",
            job_columns!(),
            conditions.join(" AND ")
        )))
        .bind(i64::from(size) + 1)
        .bind(time);
        for text in texts {
            query = query.bind(text);
        }
        let mut items: Vec<JobRow> = query
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::while_doing("listing jobs"))?
            .iter()
            .map(JobRow::read)
            .collect::<Result<_>>()?;
        let mut next = None;
        if items.len() > size as usize {
            items.truncate(size as usize);
            next = items.last().map(write_cursor);
        }
        Ok(Page { items, next })
    }

    /// Wakes whenever this process changes a job. Other processes' changes are found by reading.
    pub fn watch_jobs(&self) -> watch::Receiver<u64> {
        self.jobs.subscribe()
    }

    /// Wakes those who wait for jobs, when another process is known to have changed one.
    pub fn wake_jobs(&self) {
        self.jobs.send_modify(|changes| *changes += 1);
    }
}

fn write_cursor(job: &JobRow) -> String {
    format!("{:x}.{}", to_column(job.created_at), job.id)
}

fn read_cursor(cursor: &str) -> Result<(i64, JobId)> {
    let (time, id) = cursor.split_once('.').ok_or(StoreError::BadCursor)?;
    let time = i64::from_str_radix(time, 16).map_err(|_| StoreError::BadCursor)?;
    let id = JobId::parse(id).map_err(|_| StoreError::BadCursor)?;
    Ok((time, id))
}
