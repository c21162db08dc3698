//! Layers: recorded before an engine is asked for them, and kept while something uses them.
//!
//! ```text
//!  (none) ── intent ──▶ making, freezing ── engine has it ──▶ present ── unused ──▶ removing ──▶ (none)
//! ```

use std::time::Duration;

use ctnr_model::{ContainerId, EngineKind, LayerId};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::time::to_column;

/// How long a layer is safe from removal that a container is just being made of.
const GRACE: Duration = Duration::from_secs(300);

/// How far a layer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerPhase {
    /// Its engine is asked for it.
    Making,
    /// The sandbox of a container is being made into it.
    Freezing,
    /// It is there.
    Present,
    /// Its engine is asked to remove it.
    Removing,
}

impl LayerPhase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Making => "making",
            Self::Freezing => "freezing",
            Self::Present => "present",
            Self::Removing => "removing",
        }
    }
}

/// A layer of a host's engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRow {
    /// The id.
    pub id: LayerId,
    /// The installation whose host has it.
    pub host: String,
    /// The engine there.
    pub engine: EngineKind,
    /// How far it has come.
    pub phase: LayerPhase,
    /// Bytes on disk, as far as they were counted.
    pub size: u64,
    /// Kept until then though nothing uses it.
    pub kept_until: Timestamp,
}

impl Store {
    /// Records the intent to make a layer.
    pub async fn intend_layer(&self, layer: &LayerRow) -> Result<()> {
        let mut connection = self
            .writer
            .acquire()
            .await
            .map_err(StoreError::while_doing("recording a layer to make"))?;
        insert_layer(&mut connection, layer).await
    }

    /// Records that a layer that was intended is there.
    pub async fn confirm_layer(&self, id: &LayerId, size: u64) -> Result<()> {
        const DOING: &str = "recording a layer";
        let updated = sqlx::query(
            "UPDATE layers SET phase = 'present', size = $2 WHERE id = $1 AND phase = 'making'",
        )
        .bind(id.to_string())
        .bind(i64::try_from(size).unwrap_or(i64::MAX))
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing(DOING))?;
        if updated.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::Database {
                doing: DOING,
                cause: format!("layer {} is not being made any more", id.short()),
            })
        }
    }

    /// Forgets a layer that its engine does not have, or has no more.
    pub async fn forget_layer(&self, id: &LayerId) -> Result<()> {
        self.in_reserve(|| async {
            sqlx::query("DELETE FROM layers WHERE id = $1")
                .bind(id.to_string())
                .execute(&self.writer)
                .await
                .map_err(StoreError::while_doing("forgetting a layer"))
        })
        .await?;
        Ok(())
    }

    /// Marks the layers of an installation that nothing uses and that need not be kept, and gives
    /// all that are marked.
    pub async fn mark_unused_layers(&self, host: &str) -> Result<Vec<LayerId>> {
        self.in_reserve(|| self.try_mark_unused_layers(host)).await
    }

    async fn try_mark_unused_layers(&self, host: &str) -> Result<Vec<LayerId>> {
        const DOING: &str = "looking for layers that nothing uses";
        let failed = StoreError::while_doing(DOING);
        let mut transaction = self.begin(DOING).await?;
        sqlx::query(
            "UPDATE layers SET phase = 'removing' WHERE host = $1 AND phase = 'present' \
             AND kept_until <= $2 AND NOT EXISTS \
             (SELECT 1 FROM layer_uses WHERE layer_uses.layer_id = layers.id)",
        )
        .bind(host.to_owned())
        .bind(to_column(Timestamp::now()))
        .execute(&mut *transaction)
        .await
        .map_err(&failed)?;
        let marked = sqlx::query("SELECT id FROM layers WHERE host = $1 AND phase = 'removing'")
            .bind(host.to_owned())
            .fetch_all(&mut *transaction)
            .await
            .map_err(&failed)?
            .iter()
            .map(read_id)
            .collect();
        transaction.commit().await.map_err(failed)?;
        marked
    }

    /// The layers of an installation that are being uploaded.
    pub async fn layers_being_made(&self, host: &str) -> Result<Vec<LayerId>> {
        sqlx::query("SELECT id FROM layers WHERE host = $1 AND phase = 'making'")
            .bind(host.to_owned())
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::while_doing("listing the layers being made"))?
            .iter()
            .map(read_id)
            .collect()
    }
}

/// Writes the row of a layer, in the transaction of what it is made for.
pub(super) async fn insert_layer(
    connection: &mut sqlx::AnyConnection,
    layer: &LayerRow,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO layers (id, host, engine, phase, size, kept_until, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(layer.id.to_string())
    .bind(layer.host.clone())
    .bind(layer.engine.as_str().to_owned())
    .bind(layer.phase.as_str())
    .bind(i64::try_from(layer.size).unwrap_or(i64::MAX))
    .bind(to_column(layer.kept_until))
    .bind(to_column(Timestamp::now()))
    .execute(connection)
    .await
    .map_err(StoreError::while_doing("recording a layer to make"))?;
    Ok(())
}

/// Makes sure that layers are there and stay while a container is made of them. A layer that is
/// just being removed is not there any more.
///
/// # Errors
/// [`StoreError::LayerMissing`] names the first that is not.
pub(super) async fn claim_layers(
    transaction: &mut Transaction<'static, Any>,
    host: &str,
    layers: &[LayerId],
) -> Result<()> {
    let until = Timestamp::now()
        .saturating_add(GRACE)
        .unwrap_or(Timestamp::MAX);
    for layer in layers {
        // The write keeps those off who look for unused ones at the same moment.
        let claimed = sqlx::query(
            "UPDATE layers SET kept_until = $2 WHERE id = $1 AND host = $3 AND phase = 'present'",
        )
        .bind(layer.to_string())
        .bind(to_column(until))
        .bind(host.to_owned())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::while_doing("looking a layer up"))?;
        if claimed.rows_affected() != 1 {
            return Err(StoreError::LayerMissing {
                layer: layer.clone(),
            });
        }
    }
    Ok(())
}

/// Records that a container's chain, or a snapshot of it, uses layers.
pub(super) async fn record_uses(
    transaction: &mut Transaction<'static, Any>,
    container: &ContainerId,
    snapshot: &str,
    layers: &[LayerId],
) -> Result<()> {
    for layer in layers {
        sqlx::query(
            "INSERT INTO layer_uses (layer_id, container_id, snapshot) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(layer.to_string())
        .bind(container.to_string())
        .bind(snapshot.to_owned())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::while_doing("recording the use of a layer"))?;
    }
    Ok(())
}

/// Records that a container's chain, or a snapshot of it, uses its layers no more.
pub(super) async fn release_uses(
    transaction: &mut Transaction<'static, Any>,
    container: &ContainerId,
    snapshot: &str,
) -> Result<()> {
    let failed = StoreError::while_doing("releasing layers");
    sqlx::query(
        "UPDATE layers SET kept_until = 0 WHERE id IN \
         (SELECT layer_id FROM layer_uses WHERE container_id = $1 AND snapshot = $2)",
    )
    .bind(container.to_string())
    .bind(snapshot.to_owned())
    .execute(&mut **transaction)
    .await
    .map_err(&failed)?;
    sqlx::query("DELETE FROM layer_uses WHERE container_id = $1 AND snapshot = $2")
        .bind(container.to_string())
        .bind(snapshot.to_owned())
        .execute(&mut **transaction)
        .await
        .map_err(&failed)?;
    Ok(())
}

/// Records that nothing of a container uses layers any more.
pub(super) async fn release_all(
    transaction: &mut Transaction<'static, Any>,
    container: &ContainerId,
) -> Result<()> {
    sqlx::query(
        "UPDATE layers SET kept_until = 0 WHERE id IN \
         (SELECT layer_id FROM layer_uses WHERE container_id = $1)",
    )
    .bind(container.to_string())
    .execute(&mut **transaction)
    .await
    .map_err(StoreError::while_doing("releasing layers"))?;
    Ok(())
}

pub(super) fn read_id(row: &AnyRow) -> Result<LayerId> {
    let text: String = row
        .try_get(0)
        .map_err(|error| StoreError::damaged("a layer's id", error))?;
    LayerId::parse(&text).map_err(|error| StoreError::damaged("a layer's id", error))
}
