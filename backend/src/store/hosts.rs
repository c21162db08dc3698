//! Who is there: the installations whose hosts run things, and the workers.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::connect::Store;
use super::error::{Result, StoreError};
use super::time::{from_column, to_column};

/// An installation, and how to reach the backend that holds its data directory.
#[derive(Clone, PartialEq, Eq)]
pub struct HostRow {
    /// The installation.
    pub installation: String,
    /// The address that other processes of the platform reach it at: `http://10.0.0.5:8080`.
    pub url: String,
    /// What proves to it that a request comes from the platform itself.
    pub secret: String,
    /// When it last said that it is there.
    pub last_seen: Timestamp,
}

impl std::fmt::Debug for HostRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostRow")
            .field("installation", &self.installation)
            .field("url", &self.url)
            .field("last_seen", &self.last_seen)
            .finish_non_exhaustive()
    }
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRow {
    /// Its id, drawn when it was started.
    pub id: String,
    /// Its name, which the jobs that it holds show.
    pub name: String,
    /// When it last said that it is there.
    pub last_seen: Timestamp,
}

impl Store {
    /// Records that the backend that holds an installation is there.
    pub async fn announce_host(&self, host: &HostRow) -> Result<()> {
        sqlx::query(
            "INSERT INTO hosts (installation, url, secret, last_seen) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (installation) DO UPDATE SET url = excluded.url, \
             secret = excluded.secret, last_seen = excluded.last_seen",
        )
        .bind(host.installation.clone())
        .bind(host.url.clone())
        .bind(host.secret.clone())
        .bind(to_column(host.last_seen))
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing("recording that a host is there"))?;
        Ok(())
    }

    /// An installation, whether its backend is there or not.
    pub async fn host(&self, installation: &str) -> Result<Option<HostRow>> {
        sqlx::query(
            "SELECT installation, url, secret, last_seen FROM hosts WHERE installation = $1",
        )
        .bind(installation.to_owned())
        .fetch_optional(&self.readers)
        .await
        .map_err(StoreError::while_doing("looking a host up"))?
        .map(|row| HostRow::read(&row))
        .transpose()
    }

    /// The installations whose backends were there within `patience`, the latest first.
    pub async fn hosts_seen(&self, patience: Duration) -> Result<Vec<HostRow>> {
        sqlx::query(
            "SELECT installation, url, secret, last_seen FROM hosts WHERE last_seen >= $1 \
             ORDER BY last_seen DESC, installation",
        )
        .bind(to_column(before(patience)))
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("listing the hosts"))?
        .iter()
        .map(HostRow::read)
        .collect()
    }

    /// Records that a worker is there, and forgets those that have long been gone.
    pub async fn announce_worker(&self, worker: &WorkerRow) -> Result<()> {
        const FORGOTTEN: Duration = Duration::from_secs(3_600);
        let failed = StoreError::while_doing("recording that a worker is there");
        sqlx::query(
            "INSERT INTO workers (id, name, last_seen) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen",
        )
        .bind(worker.id.clone())
        .bind(worker.name.clone())
        .bind(to_column(worker.last_seen))
        .execute(&self.writer)
        .await
        .map_err(&failed)?;
        sqlx::query("DELETE FROM workers WHERE last_seen < $1")
            .bind(to_column(before(FORGOTTEN)))
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Forgets a worker that stops.
    pub async fn forget_worker(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM workers WHERE id = $1")
            .bind(id.to_owned())
            .execute(&self.writer)
            .await
            .map_err(StoreError::while_doing("forgetting a worker"))?;
        Ok(())
    }

    /// The workers that were there within `patience`.
    pub async fn workers_seen(&self, patience: Duration) -> Result<Vec<WorkerRow>> {
        let failed = StoreError::while_doing("listing the workers");
        sqlx::query("SELECT id, name, last_seen FROM workers WHERE last_seen >= $1 ORDER BY id")
            .bind(to_column(before(patience)))
            .fetch_all(&self.readers)
            .await
            .map_err(&failed)?
            .iter()
            .map(|row| {
                Ok(WorkerRow {
                    id: row.try_get(0).map_err(&failed)?,
                    name: row.try_get(1).map_err(&failed)?,
                    last_seen: from_column(row.try_get(2).map_err(&failed)?),
                })
            })
            .collect()
    }
}

impl HostRow {
    fn read(row: &AnyRow) -> Result<Self> {
        let failed = |error| StoreError::damaged("a host", error);
        Ok(Self {
            installation: row.try_get(0).map_err(failed)?,
            url: row.try_get(1).map_err(failed)?,
            secret: row.try_get(2).map_err(failed)?,
            last_seen: from_column(row.try_get(3).map_err(failed)?),
        })
    }
}

fn before(patience: Duration) -> Timestamp {
    Timestamp::now()
        .saturating_sub(patience)
        .unwrap_or(Timestamp::MIN)
}
