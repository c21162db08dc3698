//! Layers by the bytes that they are packed to.

use ctnr_model::{Digest, LayerId};
use jiff::Timestamp;
use sqlx::Row;

use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::time::to_column;

/// The packed bytes of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerBlob {
    /// Their digest.
    pub digest: Digest,
    /// Their number.
    pub size: u64,
    /// How many bytes the plain tar has, where that is known.
    pub unpacked: Option<u64>,
}

impl Store {
    /// Records what a layer is packed to. What was recorded before stays.
    pub async fn record_blob(&self, layer: &LayerId, blob: &LayerBlob) -> Result<()> {
        let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO layer_blobs (layer_id, digest, size, unpacked) \
             SELECT id, $2, $3, $4 FROM layers WHERE id = $1 ON CONFLICT DO NOTHING",
        )
        .bind(layer.to_string())
        .bind(blob.digest.to_string())
        .bind(number(blob.size))
        .bind(blob.unpacked.map(number))
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing("recording a layer's digest"))?;
        Ok(())
    }

    /// The packed bytes of a layer, as far as they are known.
    pub async fn blob_of_layer(&self, layer: &LayerId) -> Result<Option<LayerBlob>> {
        let failed = |error| StoreError::damaged("a layer's digest", error);
        let found =
            sqlx::query("SELECT digest, size, unpacked FROM layer_blobs WHERE layer_id = $1")
                .bind(layer.to_string())
                .fetch_optional(&self.readers)
                .await
                .map_err(StoreError::while_doing("looking a layer's digest up"))?;
        let Some(row) = found else {
            return Ok(None);
        };
        let digest: String = row.try_get(0).map_err(failed)?;
        let size: i64 = row.try_get(1).map_err(failed)?;
        let unpacked: Option<i64> = row.try_get(2).map_err(failed)?;
        Ok(Some(LayerBlob {
            digest: Digest::parse(&digest)
                .map_err(|error| StoreError::damaged("a layer's digest", error))?,
            size: u64::try_from(size).unwrap_or(0),
            unpacked: unpacked.and_then(|bytes| u64::try_from(bytes).ok()),
        }))
    }

    /// The layers of an installation that were packed to, or unpacked from, so many bytes of this
    /// digest.
    pub async fn layers_of_blob(
        &self,
        host: &str,
        digest: &Digest,
        size: u64,
    ) -> Result<Vec<LayerId>> {
        sqlx::query(
            "SELECT layers.id FROM layers JOIN layer_blobs ON layer_blobs.layer_id = layers.id \
             WHERE layers.host = $1 AND layers.phase = 'present' AND layer_blobs.digest = $2 \
             AND layer_blobs.size = $3 ORDER BY layers.created_at, layers.id",
        )
        .bind(host.to_owned())
        .bind(digest.to_string())
        .bind(i64::try_from(size).unwrap_or(i64::MAX))
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("looking layers up by a digest"))?
        .iter()
        .map(super::layers::read_id)
        .collect()
    }

    /// Keeps a layer that is there until a time at least; returns whether it is there.
    pub async fn keep_layer(&self, layer: &LayerId, until: Timestamp) -> Result<bool> {
        let kept = sqlx::query(
            "UPDATE layers SET kept_until = CASE WHEN kept_until < $2 THEN $2 ELSE kept_until END \
             WHERE id = $1 AND phase = 'present'",
        )
        .bind(layer.to_string())
        .bind(to_column(until))
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing("keeping a layer"))?;
        Ok(kept.rows_affected() == 1)
    }

    /// Keeps layers no longer than something uses them.
    pub async fn let_layers_go(&self, layers: &[LayerId]) -> Result<()> {
        for layer in layers {
            sqlx::query("UPDATE layers SET kept_until = 0 WHERE id = $1")
                .bind(layer.to_string())
                .execute(&self.writer)
                .await
                .map_err(StoreError::while_doing("letting a layer go"))?;
        }
        Ok(())
    }
}
