//! Recording containers that are to be made.

use ctnr_model::{ContainerId, ContainerName};
use jiff::Timestamp;
use sqlx::{Any, Row, Transaction};

use super::layers::{claim_layers, record_uses};
use super::row::ContainerRow;
use super::spec::SPEC_VERSION;
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};
use crate::store::events::NewEvent;
use crate::store::jobs::{NewJob, enqueue};
use crate::store::time::to_column;

const DOING: &str = "recording a container to make";

/// A request that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The key, which the caller made up.
    pub key: String,
    /// A digest of what is asked for, so that one key does not stand for two requests.
    pub fingerprint: String,
}

/// What came of recording a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is recorded.
    New,
    /// The request was done before: this is its container, which may be gone by now.
    Before(ContainerId),
}

impl Store {
    /// Records a container with the uses of its layers, the job that makes it, and the event, and
    /// takes its name.
    ///
    /// # Errors
    /// [`StoreError::ContainerNameTaken`], [`StoreError::KeyReused`], [`StoreError::LayerMissing`].
    pub async fn create_container(
        &self,
        row: &ContainerRow,
        job: Option<&NewJob>,
        key: Option<&RequestKey>,
        event: NewEvent,
    ) -> Result<Created> {
        let mut transaction = self.begin(DOING).await?;
        if let Some(key) = key
            && let Some(before) = take_key(&mut transaction, key, &row.id).await?
        {
            return Ok(Created::Before(before));
        }
        if !insert(&mut transaction, row).await? {
            drop(transaction);
            return Err(self.name_taken(&row.name).await?);
        }
        claim_layers(&mut transaction, &row.host, &row.chain).await?;
        record_uses(&mut transaction, &row.id, "", &row.chain).await?;
        let mut events = vec![event];
        if let Some(job) = job {
            let (_, told) = enqueue(&mut transaction, job).await?;
            events.extend(told);
        }
        self.commit_with(transaction, &events, DOING).await?;
        Ok(Created::New)
    }

    async fn name_taken(&self, name: &ContainerName) -> Result<StoreError> {
        let holder = sqlx::query("SELECT id FROM containers WHERE name = $1")
            .bind(name.to_string())
            .fetch_optional(&self.writer)
            .await
            .map_err(StoreError::while_doing("looking a name up"))?;
        let Some(holder) = holder else {
            // It was deleted in between: to the caller that is a moment of bad luck.
            return Ok(StoreError::Unavailable {
                doing: DOING,
                cause: "the name was released at the same moment".to_owned(),
            });
        };
        let id: String = holder
            .try_get(0)
            .map_err(StoreError::while_doing("looking a name up"))?;
        Ok(StoreError::ContainerNameTaken {
            name: name.clone(),
            holder: ContainerId::parse(&id)
                .map_err(|error| StoreError::damaged("a container's id", error))?,
        })
    }

    /// Forgets the keys of requests that are older than that.
    pub async fn prune_request_keys(&self, before: Timestamp) -> Result<()> {
        sqlx::query("DELETE FROM idempotency_keys WHERE created_at < $1")
            .bind(to_column(before))
            .execute(&self.writer)
            .await
            .map_err(StoreError::while_doing(
                "forgetting the keys of old requests",
            ))?;
        Ok(())
    }
}

/// Takes a key for a container; gives the container of the request that has it.
async fn take_key(
    transaction: &mut Transaction<'static, Any>,
    key: &RequestKey,
    container: &ContainerId,
) -> Result<Option<ContainerId>> {
    let failed = StoreError::while_doing("looking a request's key up");
    let taken = sqlx::query(
        "INSERT INTO idempotency_keys (key, fingerprint, container_id, created_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(key.key.clone())
    .bind(key.fingerprint.clone())
    .bind(container.to_string())
    .bind(to_column(Timestamp::now()))
    .execute(&mut **transaction)
    .await
    .map_err(&failed)?;
    if taken.rows_affected() == 1 {
        return Ok(None);
    }
    let before =
        sqlx::query("SELECT fingerprint, container_id FROM idempotency_keys WHERE key = $1")
            .bind(key.key.clone())
            .fetch_one(&mut **transaction)
            .await
            .map_err(&failed)?;
    let fingerprint: String = before.try_get(0).map_err(&failed)?;
    if fingerprint != key.fingerprint {
        return Err(StoreError::KeyReused);
    }
    let id: String = before.try_get(1).map_err(failed)?;
    ContainerId::parse(&id)
        .map(Some)
        .map_err(|error| StoreError::damaged("a container's id", error))
}

/// Writes the row and its labels; returns whether its name was free.
async fn insert(transaction: &mut Transaction<'static, Any>, row: &ContainerRow) -> Result<bool> {
    let failed = StoreError::while_doing(DOING);
    let spec = serde_json::to_string(&row.spec)
        .map_err(|error| StoreError::damaged("a container's spec", error))?;
    let chain = serde_json::to_string(&row.chain)
        .map_err(|error| StoreError::damaged("a container's layers", error))?;
    let inserted = sqlx::query(
        "INSERT INTO containers (id, name, host, engine, state, spec_version, spec, runtime_name, \
         runtime_digest, runtime_image, chain, base, job_id, revision, created_at, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         ON CONFLICT DO NOTHING",
    )
    .bind(row.id.to_string())
    .bind(row.name.to_string())
    .bind(row.host.clone())
    .bind(row.engine.as_str().to_owned())
    .bind(row.state.as_str())
    .bind(SPEC_VERSION)
    .bind(spec)
    .bind(row.runtime.name.clone())
    .bind(row.runtime.digest.to_string())
    .bind(row.runtime.image.to_string())
    .bind(chain)
    .bind(i64::try_from(row.base).unwrap_or(i64::MAX))
    .bind(row.job.as_ref().map(ToString::to_string))
    .bind(row.revision)
    .bind(to_column(row.created_at))
    .bind(to_column(row.changed_at))
    .execute(&mut **transaction)
    .await
    .map_err(&failed)?;
    if inserted.rows_affected() != 1 {
        return Ok(false);
    }
    for (key, value) in &row.spec.labels {
        sqlx::query("INSERT INTO container_labels (container_id, key, value) VALUES ($1, $2, $3)")
            .bind(row.id.to_string())
            .bind(key.clone())
            .bind(value.clone())
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
    }
    Ok(true)
}
