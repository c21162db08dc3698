//! Keys to the API.

use std::num::NonZeroU32;

use ctnr_model::{KeyId, KeyName, KeyQuery, Scope, Scopes};
use jiff::Timestamp;

use super::{App, AppError, Result};
use crate::access::{Keyring, Principal, Secret};
use crate::store::KeyRow;

/// The most keys. All of them are held in memory.
const MOST_KEYS: u32 = 1_000;

/// A key that is wanted.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its name.
    pub name: KeyName,
    /// What it lets its holder do.
    pub scopes: Scopes,
    /// Requests a second; where it is missing, as many as the settings say.
    pub rate: Option<NonZeroU32>,
    /// Requests at once; where it is missing, as many as a second.
    pub burst: Option<NonZeroU32>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

impl App {
    /// The keys in memory.
    pub fn keyring(&self) -> &Keyring {
        &self.inner.keyring
    }

    /// Keeps the keys in memory what they are in the database, until the platform stops. Every
    /// process that serves callers does so.
    pub fn watch_keys(&self) {
        let stopping = self.inner.stopping.clone();
        tokio::spawn(self.inner.keyring.clone().watch(stopping));
    }

    /// Makes a key. Its text is in the answer, and nowhere else.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a key that may do more than who makes it, or lasts longer;
    /// [`AppError::BadRequest`] for one that would never be good; [`AppError::Conflict`] where the
    /// name is taken or there are too many keys.
    pub async fn create_key(&self, maker: &Principal, wanted: NewKey) -> Result<(KeyRow, Secret)> {
        let created_at = Timestamp::now();
        check(maker, &wanted, created_at)?;
        let id = KeyId::from_random(rand::random());
        let secret = Secret::draw(&id);
        let row = KeyRow {
            id,
            name: wanted.name,
            hash: secret.hash(),
            scopes: wanted.scopes,
            rate: wanted.rate,
            burst: wanted.burst,
            created_by: maker.to_string(),
            created_at,
            expires_at: wanted.expires_at,
            last_used_at: None,
        };
        let app = self.clone();
        self.change(async move {
            app.inner.store.add_key(&row, MOST_KEYS).await?;
            tracing::info!(key = %row.name, id = %row.id, scopes = %row.scopes, by = row.created_by, "an API key was made");
            app.inner.keyring.look_or_warn().await;
            Ok((row, secret))
        })
        .await
    }

    /// All keys, by name.
    pub async fn list_keys(&self) -> Result<Vec<KeyRow>> {
        let mut rows = self.inner.store.keys().await?;
        for row in &mut rows {
            self.complete(row);
        }
        Ok(rows)
    }

    /// The key that a query means: its id, its name, or the unique start of its id.
    ///
    /// # Errors
    /// [`AppError::NotFound`], and [`AppError::Conflict`] where it means several.
    pub async fn key(&self, query: &KeyQuery) -> Result<KeyRow> {
        let text = query.as_str();
        let rows = self.list_keys().await?;
        let exact = rows
            .iter()
            .find(|row| row.id.as_str() == text)
            .or_else(|| rows.iter().find(|row| row.name.as_str() == text));
        if let Some(row) = exact {
            return Ok(row.clone());
        }
        let start = query.as_id_prefix();
        let starts = |row: &&KeyRow| start.is_some_and(|start| row.id.as_str().starts_with(start));
        let meant: Vec<&KeyRow> = rows.iter().filter(starts).collect();
        match meant.as_slice() {
            [row] => Ok((*row).clone()),
            [] => Err(not_found()),
            several => Err(AppError::Conflict(format!(
                "{} keys have ids that begin with {text}; give more digits",
                several.len()
            ))),
        }
    }

    /// Revokes a key: it is refused from here on, by other backends within a second or two, and
    /// what was begun with it ends.
    ///
    /// # Errors
    /// As of [`App::key`].
    pub async fn revoke_key(&self, by: &Principal, query: &KeyQuery) -> Result<()> {
        let row = self.key(query).await?;
        let (app, by) = (self.clone(), by.to_string());
        self.change(async move {
            if !app.inner.store.remove_key(&row.id).await? {
                return Err(not_found());
            }
            tracing::info!(key = %row.name, id = %row.id, by, "an API key was revoked");
            app.inner.keyring.forget(&row.id).await;
            Ok(())
        })
        .await
    }

    /// Adds what this process knows of a key's use and the database does not yet.
    fn complete(&self, row: &mut KeyRow) {
        let known = self.inner.keyring.find(&row.id);
        row.last_used_at = row.last_used_at.max(known.and_then(|key| key.last_used()));
    }
}

/// Whether a caller may make such a key.
fn check(maker: &Principal, wanted: &NewKey, now: Timestamp) -> Result<()> {
    if !maker.may(Scope::Admin) {
        return Err(AppError::Forbidden(
            "only a key with the scope admin makes keys".to_owned(),
        ));
    }
    if let Some(scope) = wanted.scopes.iter().find(|scope| !maker.may(*scope)) {
        return Err(AppError::Forbidden(format!(
            "a key can't make one with the scope {scope}, which it lacks"
        )));
    }
    if wanted.expires_at.is_some_and(|at| at <= now) {
        return Err(AppError::BadRequest(
            "expires_at: the key would have expired already".to_owned(),
        ));
    }
    let end = maker.key().and_then(|key| key.row().expires_at);
    match (end, wanted.expires_at) {
        (Some(end), wanted) if wanted.is_none_or(|at| at > end) => {
            Err(AppError::Forbidden(format!(
                "a key can't make one that lasts longer than itself; let it expire at {end} or before"
            )))
        }
        _ => Ok(()),
    }
}

fn not_found() -> AppError {
    AppError::NotFound("key not found".to_owned())
}
