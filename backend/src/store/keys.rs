//! The keys to the API that are made at run time.

use std::num::NonZeroU32;

use ctnr_model::{KeyId, KeyName, Scopes};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::connect::Store;
use super::error::{Result, StoreError};
use super::time::{from_column, to_column};
use crate::access::SecretHash;

/// A key, as far as it is kept.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id.
    pub id: KeyId,
    /// Its name, which no other has.
    pub name: KeyName,
    /// What its text is compared with.
    pub hash: SecretHash,
    /// What it lets its holder do.
    pub scopes: Scopes,
    /// Requests a second; where it is missing, as many as the settings say.
    pub rate: Option<NonZeroU32>,
    /// Requests at once; where it is missing, as many as a second.
    pub burst: Option<NonZeroU32>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// About when it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl Store {
    /// Records a key, unless its name or id is taken or there are `most` already.
    ///
    /// # Errors
    /// [`StoreError::KeyNameTaken`], [`StoreError::TooManyKeys`].
    pub async fn add_key(&self, key: &KeyRow, most: u32) -> Result<()> {
        const DOING: &str = "recording an API key";
        let failed = StoreError::while_doing(DOING);
        let mut transaction = self.begin(DOING).await?;
        // First, so that two that make keys come one after the other, and count right.
        advance(&mut transaction, DOING).await?;
        let count = sqlx::query("SELECT COUNT(*) FROM api_keys")
            .fetch_one(&mut *transaction)
            .await
            .map_err(&failed)?;
        if count.try_get::<i64, _>(0).map_err(&failed)? >= i64::from(most) {
            return Err(StoreError::TooManyKeys { most });
        }
        let number = |number: Option<NonZeroU32>| number.map(|number| i64::from(number.get()));
        let inserted = sqlx::query(
            "INSERT INTO api_keys (id, name, hash, scopes, rate, burst, created_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        )
        .bind(key.id.to_string())
        .bind(key.name.to_string())
        .bind(key.hash.to_text())
        .bind(key.scopes.to_string())
        .bind(number(key.rate))
        .bind(number(key.burst))
        .bind(key.created_by.clone())
        .bind(to_column(key.created_at))
        .bind(key.expires_at.map(to_column))
        .execute(&mut *transaction)
        .await
        .map_err(&failed)?;
        if inserted.rows_affected() == 0 {
            return Err(StoreError::KeyNameTaken {
                name: key.name.clone(),
            });
        }
        transaction.commit().await.map_err(failed)
    }

    /// Removes a key, and says whether it was there.
    pub async fn remove_key(&self, id: &KeyId) -> Result<bool> {
        const DOING: &str = "revoking an API key";
        // What takes rights away has to work on a full disk too.
        self.in_reserve(|| async {
            let failed = StoreError::while_doing(DOING);
            let mut transaction = self.begin(DOING).await?;
            advance(&mut transaction, DOING).await?;
            let removed = sqlx::query("DELETE FROM api_keys WHERE id = $1")
                .bind(id.to_string())
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            transaction.commit().await.map_err(failed)?;
            Ok(removed.rows_affected() > 0)
        })
        .await
    }

    /// A number that grows with every key that is made or revoked.
    pub async fn keys_revision(&self) -> Result<i64> {
        let failed = StoreError::while_doing("asking whether there are other API keys");
        sqlx::query("SELECT revision FROM api_keys_revision WHERE id = 1")
            .fetch_one(&self.readers)
            .await
            .map_err(&failed)?
            .try_get(0)
            .map_err(failed)
    }

    /// All keys, by name.
    pub async fn keys(&self) -> Result<Vec<KeyRow>> {
        sqlx::query(
            "SELECT id, name, hash, scopes, rate, burst, created_by, created_at, expires_at, \
             last_used_at FROM api_keys ORDER BY name",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::while_doing("reading the API keys"))?
        .iter()
        .map(KeyRow::read)
        .collect()
    }

    /// Records about when a key was last used. Nobody waits for it, and it is no other key then.
    pub async fn record_key_use(&self, id: &KeyId, at: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE api_keys SET last_used_at = $2 \
             WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        )
        .bind(id.to_string())
        .bind(to_column(at))
        .execute(&self.writer)
        .await
        .map_err(StoreError::while_doing("recording the use of an API key"))?;
        Ok(())
    }
}

async fn advance(transaction: &mut Transaction<'static, Any>, doing: &'static str) -> Result<()> {
    sqlx::query("UPDATE api_keys_revision SET revision = revision + 1 WHERE id = 1")
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::while_doing(doing))?;
    Ok(())
}

impl KeyRow {
    fn read(row: &AnyRow) -> Result<Self> {
        let damaged = |error: &dyn std::fmt::Display| StoreError::damaged("an API key", error);
        let text = |at: usize| -> Result<String> { row.try_get(at).map_err(|e| damaged(&e)) };
        let number =
            |at: usize| -> Result<Option<i64>> { row.try_get(at).map_err(|e| damaged(&e)) };
        let count = |at: usize| -> Result<Option<NonZeroU32>> {
            let number = number(at)?;
            Ok(number
                .and_then(|number| u32::try_from(number).ok())
                .and_then(NonZeroU32::new))
        };
        let created_at: i64 = row.try_get(7).map_err(|e| damaged(&e))?;
        Ok(Self {
            id: KeyId::parse(&text(0)?).map_err(|e| damaged(&e))?,
            name: KeyName::parse(&text(1)?).map_err(|e| damaged(&e))?,
            hash: SecretHash::parse(&text(2)?).map_err(|e| damaged(&e))?,
            scopes: Scopes::parse(&text(3)?).map_err(|e| damaged(&e))?,
            rate: count(4)?,
            burst: count(5)?,
            created_by: text(6)?,
            created_at: from_column(created_at),
            expires_at: number(8)?.map(from_column),
            last_used_at: number(9)?.map(from_column),
        })
    }
}
