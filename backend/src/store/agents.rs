//! Agents, which report for hosts.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::connect::Store;
use super::error::{Result, StoreError};
use super::time::{from_column, to_column};

/// After how long without a sign of life an agent is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 3_600);

/// An agent that has enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRow {
    /// The installation that it reports for.
    pub installation: String,
    /// The name of the host, which is not unique.
    pub name: String,
    /// What it reported: a JSON object, as the API has it.
    pub report: String,
    /// When it first enrolled.
    pub enrolled_at: Timestamp,
    /// When it last reported.
    pub last_seen: Timestamp,
    /// When it said that it stops, unless it has reported since.
    pub left_at: Option<Timestamp>,
}

impl Store {
    /// Records an agent's report, and forgets agents that have long been gone.
    pub async fn record_agent(
        &self,
        installation: &str,
        name: &str,
        report: &str,
        at: Timestamp,
    ) -> Result<()> {
        let failed = StoreError::while_doing("recording an agent");
        sqlx::query(
            "INSERT INTO agents (installation, name, report, enrolled_at, last_seen) \
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT (installation) DO UPDATE SET \
             name = excluded.name, report = excluded.report, last_seen = excluded.last_seen, left_at = NULL",
        )
        .bind(installation.to_owned())
        .bind(name.to_owned())
        .bind(report.to_owned())
        .bind(to_column(at))
        .execute(&self.writer)
        .await
        .map_err(&failed)?;
        let before = at.saturating_sub(FORGOTTEN).unwrap_or(Timestamp::MIN);
        sqlx::query("DELETE FROM agents WHERE last_seen < $1")
            .bind(to_column(before))
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Records that an agent stops, and says whether it is known.
    pub async fn record_agent_left(&self, installation: &str, at: Timestamp) -> Result<bool> {
        let updated = sqlx::query("UPDATE agents SET left_at = $2 WHERE installation = $1")
            .bind(installation.to_owned())
            .bind(to_column(at))
            .execute(&self.writer)
            .await
            .map_err(StoreError::while_doing("recording that an agent stops"))?;
        Ok(updated.rows_affected() > 0)
    }

    /// The agents, by installation.
    pub async fn agents(&self) -> Result<Vec<AgentRow>> {
        sqlx::query(
            "SELECT installation, name, report, enrolled_at, last_seen, left_at FROM agents \
             ORDER BY installation",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("listing the agents"))?
        .iter()
        .map(AgentRow::read)
        .collect()
    }
}

impl AgentRow {
    fn read(row: &AnyRow) -> Result<Self> {
        let failed = |error| StoreError::damaged("an agent", error);
        let left_at: Option<i64> = row.try_get(5).map_err(failed)?;
        Ok(Self {
            installation: row.try_get(0).map_err(failed)?,
            name: row.try_get(1).map_err(failed)?,
            report: row.try_get(2).map_err(failed)?,
            enrolled_at: from_column(row.try_get(3).map_err(failed)?),
            last_seen: from_column(row.try_get(4).map_err(failed)?),
            left_at: left_at.map(from_column),
        })
    }
}
