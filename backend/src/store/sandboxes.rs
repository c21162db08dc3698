//! Changes of sandboxes.

use ctnr_model::{PublishedPort, SandboxId, SandboxStatus};
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::connect::{Dialect, Store};
use super::error::{Result, StoreError};
use super::events::NewEvent;
use super::row::{SPEC_VERSION, SandboxRow};
use super::time::to_column;

impl Store {
    /// Begins a transaction that will write. SQLite has to know that at once: a transaction that
    /// begins as a reader can't always become a writer.
    pub(super) async fn begin(&self, doing: &'static str) -> Result<Transaction<'static, Any>> {
        match self.dialect() {
            Dialect::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres => self.writer.begin().await,
        }
        .map_err(StoreError::while_doing(doing))
    }

    /// Records the intent to make a sandbox, and takes its name.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`].
    pub async fn intend_create(&self, row: &SandboxRow) -> Result<()> {
        const DOING: &str = "recording a sandbox to make";
        let spec = encode("spec", &row.spec)?;
        let ports = encode("ports", &row.ports)?;
        let insert = sqlx::query(
            "INSERT INTO sandboxes (id, name, host, engine, phase, spec_version, spec, state, \
             ports, image_id, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        )
        .bind(row.spec.id.to_string())
        .bind(row.spec.name.to_string())
        .bind(row.host.clone())
        .bind(row.engine.as_str().to_owned())
        .bind(row.phase.as_str().to_owned())
        .bind(SPEC_VERSION)
        .bind(spec)
        .bind(row.status.state.as_str().to_owned())
        .bind(ports)
        .bind(row.image_id.as_ref().map(ToString::to_string))
        .bind(to_column(row.created_at));
        let failed = StoreError::while_doing(DOING);
        let inserted = if row.spec.labels.is_empty() {
            insert.execute(&self.writer).await.map_err(&failed)?
        } else {
            let mut transaction = self.begin(DOING).await?;
            let inserted = insert.execute(&mut *transaction).await.map_err(&failed)?;
            if inserted.rows_affected() == 1 {
                insert_labels(&mut transaction, row).await?;
            }
            transaction.commit().await.map_err(&failed)?;
            inserted
        };
        if inserted.rows_affected() == 1 {
            return Ok(());
        }
        match self.holder_of(&row.spec.name).await? {
            Some(holder) => Err(StoreError::NameTaken {
                name: row.spec.name.clone(),
                holder,
            }),
            // Its holder was deleted in between: to the caller that is a moment of bad luck.
            None => Err(StoreError::Unavailable {
                doing: DOING,
                cause: "the name was released at the same moment".to_owned(),
            }),
        }
    }

    /// Records that a sandbox that was intended exists.
    pub async fn confirm_create(
        &self,
        id: &SandboxId,
        status: &SandboxStatus,
        ports: &[PublishedPort],
        events: &[NewEvent],
    ) -> Result<()> {
        self.write_status(
            "UPDATE sandboxes SET phase = 'present', state = $2, pid = $3, started_at = $4, \
             finished_at = $5, exit_code = $6, exit_signal = $7, oom_killed = $8, ports = $9 \
             WHERE id = $1 AND phase = 'creating'",
            id,
            status,
            ports,
            events,
        )
        .await
    }

    /// Records a sandbox's state.
    pub async fn record_status(
        &self,
        id: &SandboxId,
        status: &SandboxStatus,
        ports: &[PublishedPort],
        events: &[NewEvent],
    ) -> Result<()> {
        self.write_status(
            "UPDATE sandboxes SET state = $2, pid = $3, started_at = $4, finished_at = $5, \
             exit_code = $6, exit_signal = $7, oom_killed = $8, ports = $9 WHERE id = $1",
            id,
            status,
            ports,
            events,
        )
        .await
    }

    async fn write_status(
        &self,
        statement: &'static str,
        id: &SandboxId,
        status: &SandboxStatus,
        ports: &[PublishedPort],
        events: &[NewEvent],
    ) -> Result<()> {
        const DOING: &str = "recording a sandbox's state";
        let failed = StoreError::while_doing(DOING);
        let ports = encode("ports", &ports)?;
        let mut transaction = self.begin(DOING).await?;
        let updated = sqlx::query(statement)
            .bind(id.to_string())
            .bind(status.state.as_str().to_owned())
            .bind(status.pid.map(i64::from))
            .bind(status.started_at.map(to_column))
            .bind(status.finished_at.map(to_column))
            .bind(status.exit.map(|exit| i64::from(exit.code)))
            .bind(status.exit.and_then(|exit| exit.signal.map(i64::from)))
            .bind(status.exit.map(|exit| i64::from(exit.oom_killed)))
            .bind(ports)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        if updated.rows_affected() != 1 {
            return Err(StoreError::Database {
                doing: DOING,
                cause: format!("sandbox {} is not there any more", id.short()),
            });
        }
        self.commit_with(transaction, events, DOING).await
    }

    /// Records the intent to delete a sandbox. Returns whether it exists.
    pub async fn intend_delete(&self, id: &SandboxId) -> Result<bool> {
        let updated = self
            .in_reserve(|| async {
                sqlx::query(
                    "UPDATE sandboxes SET phase = 'deleting' WHERE id = $1 AND phase <> 'creating'",
                )
                .bind(id.to_string())
                .execute(&self.writer)
                .await
                .map_err(StoreError::while_doing("recording a sandbox to delete"))
            })
            .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Forgets a sandbox that its engine does not have, or has no more.
    pub async fn forget(&self, id: &SandboxId, events: &[NewEvent]) -> Result<()> {
        self.in_reserve(|| self.try_forget(id, events)).await
    }

    async fn try_forget(&self, id: &SandboxId, events: &[NewEvent]) -> Result<()> {
        const DOING: &str = "forgetting a sandbox";
        let delete = sqlx::query("DELETE FROM sandboxes WHERE id = $1").bind(id.to_string());
        let failed = StoreError::while_doing(DOING);
        if events.is_empty() {
            delete.execute(&self.writer).await.map_err(failed)?;
            return Ok(());
        }
        let mut transaction = self.begin(DOING).await?;
        let deleted = delete.execute(&mut *transaction).await.map_err(&failed)?;
        if deleted.rows_affected() == 0 {
            return transaction.rollback().await.map_err(failed);
        }
        self.commit_with(transaction, events, DOING).await
    }

    async fn holder_of(&self, name: &ctnr_model::SandboxName) -> Result<Option<SandboxId>> {
        let row = sqlx::query("SELECT id FROM sandboxes WHERE name = $1")
            .bind(name.to_string())
            .fetch_optional(&self.writer)
            .await
            .map_err(StoreError::while_doing("looking a name up"))?;
        let Some(row) = row else { return Ok(None) };
        let id: String = row
            .try_get(0)
            .map_err(StoreError::while_doing("looking a name up"))?;
        SandboxId::parse(&id)
            .map(Some)
            .map_err(|error| StoreError::damaged("a sandbox's id", error))
    }
}

async fn insert_labels(
    transaction: &mut Transaction<'static, Any>,
    row: &SandboxRow,
) -> Result<()> {
    let mut statement = String::from("INSERT INTO sandbox_labels (sandbox_id, key, value) VALUES ");
    for index in 0..row.spec.labels.len() {
        let comma = if index == 0 { "" } else { ", " };
        statement += &format!("{comma}($1, ${}, ${})", index * 2 + 2, index * 2 + 3);
    }
    let mut insert = sqlx::query(AssertSqlSafe(statement)).bind(row.spec.id.to_string());
    for (key, value) in &row.spec.labels {
        insert = insert.bind(key.clone()).bind(value.clone());
    }
    insert
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::while_doing("recording labels"))?;
    Ok(())
}

fn encode<T: serde::Serialize + ?Sized>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged(what, error))
}
