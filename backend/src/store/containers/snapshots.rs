//! Snapshots: the layers that a container had at a moment.

use ctnr_model::{ContainerId, LayerId};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::layers::{record_uses, release_uses};
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::time::{from_column, to_column};

/// What a container held at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    /// The name, unique among the container's.
    pub name: String,
    /// The layers over the runtime, lowest first.
    pub chain: Vec<LayerId>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Store {
    /// The snapshots of a container, oldest first.
    pub async fn snapshots(&self, id: &ContainerId) -> Result<Vec<SnapshotRow>> {
        sqlx::query(
            "SELECT name, chain, created_at FROM snapshots WHERE container_id = $1 \
             ORDER BY created_at, name",
        )
        .bind(id.to_string())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("listing snapshots"))?
        .iter()
        .map(read)
        .collect()
    }

    /// A snapshot of a container.
    pub async fn snapshot(&self, id: &ContainerId, name: &str) -> Result<Option<SnapshotRow>> {
        sqlx::query(
            "SELECT name, chain, created_at FROM snapshots WHERE container_id = $1 AND name = $2",
        )
        .bind(id.to_string())
        .bind(name.to_owned())
        .fetch_optional(&self.readers)
        .await
        .map_err(StoreError::while_doing("looking a snapshot up"))?
        .map(|row| read(&row))
        .transpose()
    }
}

/// Adds a snapshot, in the transaction of a change.
pub(super) async fn insert_snapshot(
    transaction: &mut Transaction<'static, Any>,
    id: &ContainerId,
    snapshot: &SnapshotRow,
) -> Result<()> {
    const DOING: &str = "recording a snapshot";
    let chain = serde_json::to_string(&snapshot.chain)
        .map_err(|error| StoreError::damaged("a snapshot's layers", error))?;
    sqlx::query(
        "INSERT INTO snapshots (container_id, name, chain, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(id.to_string())
    .bind(snapshot.name.clone())
    .bind(chain)
    .bind(to_column(snapshot.created_at))
    .execute(&mut **transaction)
    .await
    .map_err(StoreError::while_doing(DOING))?;
    record_uses(transaction, id, &snapshot.name, &snapshot.chain).await
}

/// Forgets a snapshot, in the transaction of a change.
pub(super) async fn delete_snapshot(
    transaction: &mut Transaction<'static, Any>,
    id: &ContainerId,
    name: &str,
) -> Result<()> {
    release_uses(transaction, id, name).await?;
    sqlx::query("DELETE FROM snapshots WHERE container_id = $1 AND name = $2")
        .bind(id.to_string())
        .bind(name.to_owned())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::while_doing("forgetting a snapshot"))?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<SnapshotRow> {
    let failed = |error| StoreError::damaged("a snapshot", error);
    let name: String = row.try_get(0).map_err(failed)?;
    let chain: String = row.try_get(1).map_err(failed)?;
    Ok(SnapshotRow {
        chain: serde_json::from_str(&chain)
            .map_err(|error| StoreError::damaged(format!("snapshot {name}, layers"), error))?,
        name,
        created_at: from_column(row.try_get(2).map_err(failed)?),
    })
}
