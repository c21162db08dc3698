//! Changes of containers.

use ctnr_model::{ContainerId, ContainerState, LayerId, SandboxId};
use jiff::Timestamp;
use sqlx::{Any, AssertSqlSafe, Transaction};

use super::captures::{CaptureRow, insert_capture};
use super::layers::{LayerRow, insert_layer, record_uses, release_all, release_uses};
use super::row::ContainerRow;
use super::snapshots::{SnapshotRow, delete_snapshot, insert_snapshot};
use super::spec::SPEC_VERSION;
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::events::NewEvent;
use crate::store::jobs::{Lease, hold};
use crate::store::time::to_column;

const DOING: &str = "recording a container's state";

/// What changes of a container in one go, beside its row.
#[derive(Debug, Clone, Default)]
pub struct ContainerChange<'a> {
    /// The chain is another one: the uses of its layers are written anew.
    pub chain: bool,
    /// A layer that is being made of its sandbox from here on.
    pub making: Option<&'a LayerRow>,
    /// The layer that was made of its sandbox is there, and has this size.
    pub made: Option<(&'a LayerId, u64)>,
    /// A layer that was not made after all.
    pub not_made: Option<&'a LayerId>,
    /// The layer that was made of its sandbox is what an installer has left: the program is
    /// another one then, and so are its spec and what a reset keeps.
    pub captured: Option<&'a CaptureRow>,
    /// A snapshot that is kept.
    pub snapshot: Option<&'a SnapshotRow>,
    /// A snapshot that is dropped.
    pub drop_snapshot: Option<&'a str>,
    /// A sandbox that is to be deleted.
    pub delete_sandbox: Option<&'a SandboxId>,
    /// A sandbox that became a layer.
    pub forget_sandbox: Option<&'a SandboxId>,
    /// The change counts only while this lease does.
    pub lease: Option<&'a Lease>,
    /// What is told of it.
    pub events: Vec<NewEvent>,
}

impl ContainerChange<'_> {
    /// Whether a container that is in `state` then takes less of the disk, or will.
    fn makes_room(&self, state: ContainerState) -> bool {
        self.delete_sandbox.is_some()
            || self.drop_snapshot.is_some()
            || matches!(state, ContainerState::Deleting | ContainerState::Stopping)
    }
}

impl Store {
    /// Records a change of a container: `row` as it is to be, with the revision that it was read
    /// with, which grows. Where the disk is full, what makes room on it has some kept for it.
    ///
    /// # Errors
    /// [`StoreError::ContainerChanged`] where somebody else changed it since.
    pub async fn change_container(
        &self,
        row: &mut ContainerRow,
        change: ContainerChange<'_>,
    ) -> Result<()> {
        let now = Timestamp::now();
        if change.makes_room(row.state) {
            self.in_reserve(|| self.try_change(row, now, &change))
                .await?;
        } else {
            self.try_change(row, now, &change).await?;
        }
        row.revision += 1;
        row.changed_at = now;
        Ok(())
    }

    async fn try_change(
        &self,
        row: &ContainerRow,
        now: Timestamp,
        change: &ContainerChange<'_>,
    ) -> Result<()> {
        let mut transaction = self.begin(DOING).await?;
        if let Some(lease) = change.lease {
            hold(&mut transaction, lease).await?;
        }
        update(&mut transaction, row, now).await?;
        apply(&mut transaction, row, change).await?;
        self.commit_with(transaction, &change.events, DOING).await
    }

    /// Forgets a container of which nothing is left.
    pub async fn forget_container(&self, id: &ContainerId, events: &[NewEvent]) -> Result<()> {
        self.in_reserve(|| self.try_forget_container(id, events))
            .await
    }

    async fn try_forget_container(&self, id: &ContainerId, events: &[NewEvent]) -> Result<()> {
        const DOING: &str = "forgetting a container";
        let failed = StoreError::while_doing(DOING);
        let mut transaction = self.begin(DOING).await?;
        release_all(&mut transaction, id).await?;
        let deleted = sqlx::query("DELETE FROM containers WHERE id = $1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        if deleted.rows_affected() == 0 {
            return transaction.rollback().await.map_err(failed);
        }
        self.commit_with(transaction, events, DOING).await
    }
}

/// Records the state of a row that was read in the same transaction.
pub(in crate::store) async fn record_state(
    transaction: &mut Transaction<'static, Any>,
    row: &mut ContainerRow,
) -> Result<()> {
    let now = Timestamp::now();
    update(transaction, row, now).await?;
    row.revision += 1;
    row.changed_at = now;
    Ok(())
}

async fn update(
    transaction: &mut Transaction<'static, Any>,
    row: &ContainerRow,
    now: Timestamp,
) -> Result<()> {
    let chain = serde_json::to_string(&row.chain)
        .map_err(|error| StoreError::damaged("a container's layers", error))?;
    let freezing = row
        .freezing
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| StoreError::damaged("a container's layer", error))?;
    // The table of states holds here, whatever the caller thinks.
    let before: Vec<String> = ContainerState::ALL
        .into_iter()
        .filter(|state| *state == row.state || state.may_become(row.state))
        .map(|state| format!("'{state}'"))
        .collect();
    let updated = sqlx::query(AssertSqlSafe(format!(
        "UPDATE containers SET state = $2, runtime_name = $3, runtime_digest = $4, \
         runtime_image = $5, chain = $6, sandbox_id = $7, freezing = $8, error = $9, \
         revision = revision + 1, changed_at = $10, capture = $12 \
         WHERE id = $1 AND revision = $11 AND state IN ({})",
        before.join(", ")
    )))
    .bind(row.id.to_string())
    .bind(row.state.as_str())
    .bind(row.runtime.name.clone())
    .bind(row.runtime.digest.to_string())
    .bind(row.runtime.image.to_string())
    .bind(chain)
    .bind(row.sandbox.as_ref().map(ToString::to_string))
    .bind(freezing)
    .bind(row.error.clone())
    .bind(to_column(now))
    .bind(row.revision)
    .bind(row.capture.as_ref().map(ToString::to_string))
    .execute(&mut **transaction)
    .await
    .map_err(StoreError::while_doing(DOING))?;
    if updated.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::ContainerChanged {
            container: row.name.clone(),
        })
    }
}

async fn apply(
    transaction: &mut Transaction<'static, Any>,
    row: &ContainerRow,
    change: &ContainerChange<'_>,
) -> Result<()> {
    let failed = StoreError::while_doing(DOING);
    if let Some(layer) = change.making {
        insert_layer(transaction, layer).await?;
    }
    if let Some((layer, size)) = change.made {
        sqlx::query("UPDATE layers SET phase = 'present', size = $2, kept_until = 0 WHERE id = $1")
            .bind(layer.to_string())
            .bind(i64::try_from(size).unwrap_or(i64::MAX))
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
    }
    if let Some(capture) = change.captured {
        insert_capture(transaction, capture).await?;
        record_program(transaction, row).await?;
    }
    if let Some(layer) = change.not_made {
        sqlx::query("DELETE FROM layers WHERE id = $1")
            .bind(layer.to_string())
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
    }
    if change.chain {
        release_uses(transaction, &row.id, "").await?;
        record_uses(transaction, &row.id, "", &row.chain).await?;
    }
    if let Some(snapshot) = change.snapshot {
        insert_snapshot(transaction, &row.id, snapshot).await?;
    }
    if let Some(name) = change.drop_snapshot {
        delete_snapshot(transaction, &row.id, name).await?;
    }
    if let Some(sandbox) = change.delete_sandbox {
        sqlx::query("UPDATE sandboxes SET phase = 'deleting' WHERE id = $1")
            .bind(sandbox.to_string())
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
    }
    if let Some(sandbox) = change.forget_sandbox {
        sqlx::query("DELETE FROM sandboxes WHERE id = $1")
            .bind(sandbox.to_string())
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
    }
    Ok(())
}

/// Records what a container's program is.
async fn record_program(
    transaction: &mut Transaction<'static, Any>,
    row: &ContainerRow,
) -> Result<()> {
    let spec = serde_json::to_string(&row.spec)
        .map_err(|error| StoreError::damaged("a container's spec", error))?;
    sqlx::query("UPDATE containers SET spec = $2, spec_version = $3, base = $4 WHERE id = $1")
        .bind(row.id.to_string())
        .bind(spec)
        .bind(SPEC_VERSION)
        .bind(i64::try_from(row.base).unwrap_or(i64::MAX))
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::while_doing("recording a container's program"))?;
    Ok(())
}
