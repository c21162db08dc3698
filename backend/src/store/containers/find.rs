//! Finding containers.

use std::collections::BTreeMap;

use ctnr_model::{ContainerId, ContainerName, ContainerQuery, Digest, SandboxId};
use sqlx::{Any, Row, Transaction};

use super::row::{ContainerRow, select_containers};
use crate::store::connect::Store;
use crate::store::error::{Result, StoreError};

const FINDING: &str = "looking a container up";

/// What answers to a query.
#[derive(Debug, Clone, PartialEq)]
pub enum FoundContainer {
    /// Nothing.
    None,
    /// One container.
    One(Box<ContainerRow>),
    /// Several, by the beginning of their ids.
    Many,
}

impl Store {
    /// Finds what a caller means: a full id, else a name, else the beginning of an id.
    pub async fn find_container(&self, query: &ContainerQuery) -> Result<FoundContainer> {
        if let Some(id) = query.as_id()
            && let Some(row) = self.container(&id).await?
        {
            return Ok(FoundContainer::One(Box::new(row)));
        }
        let named = sqlx::query(select_containers!("WHERE name = $1"))
            .bind(query.as_str().to_owned())
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::while_doing(FINDING))?;
        if let Some(row) = named {
            return Ok(FoundContainer::One(Box::new(ContainerRow::read(&row)?)));
        }
        let Some(prefix) = query.as_id_prefix() else {
            return Ok(FoundContainer::None);
        };
        // As with sandboxes: hexadecimal digits sort below g in every collation.
        let rows = sqlx::query(select_containers!("WHERE id >= $1 AND id < $2 LIMIT 2"))
            .bind(prefix.to_owned())
            .bind(format!("{prefix}g"))
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::while_doing(FINDING))?;
        match rows.as_slice() {
            [] => Ok(FoundContainer::None),
            [row] => Ok(FoundContainer::One(Box::new(ContainerRow::read(row)?))),
            _ => Ok(FoundContainer::Many),
        }
    }

    /// The container that has a name.
    pub async fn container_named(&self, name: &ContainerName) -> Result<Option<ContainerId>> {
        let found = sqlx::query("SELECT id FROM containers WHERE name = $1")
            .bind(name.to_string())
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::while_doing(FINDING))?;
        let Some(row) = found else {
            return Ok(None);
        };
        let id: String = row.try_get(0).map_err(StoreError::while_doing(FINDING))?;
        ContainerId::parse(&id)
            .map(Some)
            .map_err(|error| StoreError::damaged("a container's id", error))
    }

    /// A container by its id, as the last commit left it.
    pub async fn container(&self, id: &ContainerId) -> Result<Option<ContainerRow>> {
        sqlx::query(select_containers!("WHERE id = $1"))
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::while_doing(FINDING))?
            .map(|row| ContainerRow::read(&row))
            .transpose()
    }

    /// The container that a sandbox belongs to.
    pub async fn container_of_sandbox(&self, id: &SandboxId) -> Result<Option<ContainerRow>> {
        sqlx::query(select_containers!("WHERE sandbox_id = $1"))
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::while_doing(FINDING))?
            .map(|row| ContainerRow::read(&row))
            .transpose()
    }

    /// The containers of an installation that something is under way with, or that run.
    pub async fn unsettled_containers(&self, host: &str) -> Result<Vec<ContainerRow>> {
        sqlx::query(select_containers!(
            "WHERE host = $1 AND (state IN ('starting', 'running', 'stopping', 'deleting') \
             OR freezing IS NOT NULL OR capture IS NOT NULL)"
        ))
        .bind(host.to_owned())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("listing a host's containers"))?
        .iter()
        .map(ContainerRow::read)
        .collect()
    }

    /// How many containers are on each runtime, by the digest of its configuration.
    pub async fn runtimes_in_use(&self) -> Result<BTreeMap<Digest, u64>> {
        const DOING: &str = "counting the containers of each runtime";
        let failed = StoreError::while_doing(DOING);
        sqlx::query("SELECT runtime_image, COUNT(*) FROM containers GROUP BY runtime_image")
            .fetch_all(&self.readers)
            .await
            .map_err(&failed)?
            .iter()
            .map(|row| {
                let digest: String = row.try_get(0).map_err(&failed)?;
                let count: i64 = row.try_get(1).map_err(&failed)?;
                let digest = Digest::parse(&digest)
                    .map_err(|error| StoreError::damaged("a runtime's digest", error))?;
                Ok((digest, u64::try_from(count).unwrap_or(0)))
            })
            .collect()
    }

    /// The names of up to ten containers that are on a runtime.
    pub async fn containers_on_runtime(&self, image: &Digest) -> Result<Vec<String>> {
        const DOING: &str = "listing the containers of a runtime";
        let failed = StoreError::while_doing(DOING);
        sqlx::query("SELECT name FROM containers WHERE runtime_image = $1 ORDER BY name LIMIT 10")
            .bind(image.to_string())
            .fetch_all(&self.readers)
            .await
            .map_err(&failed)?
            .iter()
            .map(|row| row.try_get(0).map_err(&failed))
            .collect()
    }
}

/// A container as a transaction sees it.
pub(in crate::store) async fn container_in(
    transaction: &mut Transaction<'static, Any>,
    id: &ContainerId,
) -> Result<Option<ContainerRow>> {
    sqlx::query(select_containers!("WHERE id = $1"))
        .bind(id.to_string())
        .fetch_optional(&mut **transaction)
        .await
        .map_err(StoreError::while_doing(FINDING))?
        .map(|row| ContainerRow::read(&row))
        .transpose()
}
