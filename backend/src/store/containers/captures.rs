//! Captures: what an installer has left, beside the layer that its files became.

use ctnr_model::{JobId, LayerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::time::{from_column, to_column};

/// What an installer has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRow {
    /// The layer with its files.
    pub layer: LayerId,
    /// The job that made it.
    pub job: JobId,
    /// What was found, as JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a container becomes when the layer of a capture is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The job that made it.
    pub job: JobId,
    /// What was found, as JSON.
    pub document: String,
    /// The text of the manifest with what was found.
    pub manifest: String,
    /// The names of its entry points, the default one first.
    pub entry_points: Vec<String>,
}

impl Store {
    /// The capture that a layer is.
    pub async fn capture_of_layer(&self, layer: &LayerId) -> Result<Option<CaptureRow>> {
        sqlx::query(
            "SELECT layer_id, job_id, document, created_at FROM captures WHERE layer_id = $1",
        )
        .bind(layer.to_string())
        .fetch_optional(&self.readers)
        .await
        .map_err(StoreError::while_doing("looking a capture up"))?
        .map(|row| read(&row))
        .transpose()
    }

    /// Records what is known of a layer that was captured elsewhere. What was recorded before, of
    /// the layer or by the same job, stays.
    pub async fn record_capture(&self, capture: &CaptureRow) -> Result<()> {
        sqlx::query(
            "INSERT INTO captures (layer_id, job_id, document, created_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(capture.layer.to_string())
        .bind(capture.job.to_string())
        .bind(capture.document.clone())
        .bind(to_column(capture.created_at))
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing("recording a capture"))?;
        Ok(())
    }

    /// The capture that a job has made.
    pub async fn capture_of_job(&self, job: &JobId) -> Result<Option<CaptureRow>> {
        sqlx::query("SELECT layer_id, job_id, document, created_at FROM captures WHERE job_id = $1")
            .bind(job.to_string())
            .fetch_optional(&self.writer)
            .await
            .map_err(StoreError::while_doing("looking a job's capture up"))?
            .map(|row| read(&row))
            .transpose()
    }
}

/// Adds a capture, in the transaction of a change. Its layer is there.
pub(super) async fn insert_capture(
    transaction: &mut Transaction<'static, Any>,
    capture: &CaptureRow,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO captures (layer_id, job_id, document, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(capture.layer.to_string())
    .bind(capture.job.to_string())
    .bind(capture.document.clone())
    .bind(to_column(capture.created_at))
    .execute(&mut **transaction)
    .await
    .map_err(StoreError::while_doing("recording a capture"))?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<CaptureRow> {
    let text = |at: usize| -> Result<String> {
        row.try_get(at)
            .map_err(|error| StoreError::damaged("a capture", error))
    };
    Ok(CaptureRow {
        layer: text(0)?
            .parse()
            .map_err(|error| StoreError::damaged("a capture's layer", error))?,
        job: text(1)?
            .parse()
            .map_err(|error| StoreError::damaged("a capture's job", error))?,
        document: text(2)?,
        created_at: from_column(
            row.try_get(3)
                .map_err(|error| StoreError::damaged("a capture", error))?,
        ),
    })
}
