//! Finding sandboxes.

use std::collections::BTreeSet;

use ctnr_model::{Digest, EngineKind, SandboxId, SandboxQuery};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::connect::Store;
use super::error::{Result, StoreError};
use super::row::{SandboxRow, select_sandboxes};

const FINDING: &str = "looking a sandbox up";

/// What answers to a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing.
    None,
    /// One sandbox.
    One(Box<SandboxRow>),
    /// So many, by the beginning of their ids.
    Many(u64),
}

impl Store {
    /// Finds what a caller means: a full id, else a name, else the beginning of an id. A sandbox
    /// whose creation is not done is not found.
    pub async fn find_sandbox(&self, query: &SandboxQuery) -> Result<Found> {
        let exact = match query.as_id() {
            Some(id) => {
                let row = sqlx::query(select_sandboxes!("WHERE id = $1 AND phase <> 'creating'"))
                    .bind(id.to_string())
                    .fetch_optional(&self.readers)
                    .await;
                row.map_err(StoreError::while_doing(FINDING))?
            }
            None => None,
        };
        let exact = match exact {
            Some(row) => Some(row),
            None => sqlx::query(select_sandboxes!("WHERE name = $1 AND phase <> 'creating'"))
                .bind(query.as_str().to_owned())
                .fetch_optional(&self.readers)
                .await
                .map_err(StoreError::while_doing(FINDING))?,
        };
        if let Some(row) = exact {
            return Ok(Found::One(Box::new(SandboxRow::read(&row)?)));
        }
        match query.as_id_prefix() {
            Some(prefix) => self.find_by_prefix(prefix).await,
            None => Ok(Found::None),
        }
    }

    async fn find_by_prefix(&self, prefix: &str) -> Result<Found> {
        // Ids have the digits 0 to 9 and a to f, so those that begin with the prefix lie between
        // it and it with a g behind, whatever the database's collation.
        let rows = sqlx::query(select_sandboxes!(
            "WHERE id >= $1 AND id < $2 AND phase <> 'creating' LIMIT 2"
        ))
        .bind(prefix.to_owned())
        .bind(format!("{prefix}g"))
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing(FINDING))?;
        match rows.as_slice() {
            [] => Ok(Found::None),
            [row] => Ok(Found::One(Box::new(SandboxRow::read(row)?))),
            _ => {
                let row = sqlx::query(
                    "SELECT COUNT(*) FROM sandboxes \
                     WHERE id >= $1 AND id < $2 AND phase <> 'creating'",
                )
                .bind(prefix.to_owned())
                .bind(format!("{prefix}g"))
                .fetch_one(&self.readers)
                .await
                .map_err(StoreError::while_doing(FINDING))?;
                let count: i64 = row.try_get(0).map_err(StoreError::while_doing(FINDING))?;
                Ok(Found::Many(u64::try_from(count).unwrap_or(2).max(2)))
            }
        }
    }

    /// A sandbox by its id, in whatever phase, as the last commit left it.
    pub async fn sandbox(&self, id: &SandboxId) -> Result<Option<SandboxRow>> {
        sqlx::query(select_sandboxes!("WHERE id = $1"))
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::while_doing(FINDING))?
            .map(|row| SandboxRow::read(&row))
            .transpose()
    }

    /// All sandboxes of an engine of an installation, in whatever phase.
    pub async fn sandboxes_of(&self, host: &str, engine: EngineKind) -> Result<Vec<SandboxRow>> {
        sqlx::query(select_sandboxes!("WHERE host = $1 AND engine = $2"))
            .bind(host.to_owned())
            .bind(engine.as_str().to_owned())
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::while_doing("listing a host's sandboxes"))?
            .iter()
            .map(SandboxRow::read)
            .collect()
    }

    /// How many sandboxes of an installation have living processes.
    pub async fn count_alive(&self, host: &str) -> Result<u64> {
        const DOING: &str = "counting the sandboxes that run";
        let row = sqlx::query(
            "SELECT COUNT(*) FROM sandboxes WHERE host = $1 AND state IN ('running', 'paused')",
        )
        .bind(host.to_owned())
        .fetch_one(&self.readers)
        .await
        .map_err(StoreError::while_doing(DOING))?;
        let count: i64 = row.try_get(0).map_err(StoreError::while_doing(DOING))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The images that the sandboxes and containers of an engine of an installation use.
    pub async fn images_in_use(&self, host: &str, engine: EngineKind) -> Result<BTreeSet<Digest>> {
        let read = |row: &AnyRow| {
            let text: String = row
                .try_get(0)
                .map_err(|error| StoreError::damaged("an image id", error))?;
            Digest::parse(&text).map_err(|error| StoreError::damaged("an image id", error))
        };
        sqlx::query(
            "SELECT image_id FROM sandboxes \
             WHERE host = $1 AND engine = $2 AND image_id IS NOT NULL \
             UNION SELECT runtime_image FROM containers WHERE host = $1 AND engine = $2",
        )
        .bind(host.to_owned())
        .bind(engine.as_str().to_owned())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("listing the images in use"))?
        .iter()
        .map(read)
        .collect()
    }
}
