//! All keys, in memory.
//!
//! A request costs no look into the database: the keys are read when there are others, which one
//! number tells, asked for each second. A key that is made elsewhere is found at once, since one
//! that is not known has the number asked for right away; a limit keeps strangers from making the
//! database work. A database that is away leaves what was last read.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ctnr_model::KeyId;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::Key;
use crate::store::{Result, Store};

/// How often the number is asked for. A key that is revoked elsewhere is good for so long.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a look may take. Keys whose time is over end meanwhile no earlier.
const LOOK_PATIENCE: Duration = Duration::from_secs(3);

/// How often a second keys that are not known have it asked for.
const UNKNOWN_A_SECOND: NonZeroU32 = match NonZeroU32::new(10) {
    Some(count) => count,
    None => NonZeroU32::MIN,
};

type Keys = HashMap<KeyId, Arc<Key>>;

/// The keys of the platform. A clone is cheap and means the same ones.
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    keys: RwLock<Arc<Keys>>,
    /// The database's number that the keys were read with. Held while they are read.
    revision: Mutex<Option<i64>>,
    unknown: DefaultDirectRateLimiter,
    is_watched: AtomicBool,
}

impl Keyring {
    /// The keys of a database; none before the first look.
    pub fn new(store: Store) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                keys: RwLock::default(),
                revision: Mutex::default(),
                unknown: RateLimiter::direct(Quota::per_second(UNKNOWN_A_SECOND)),
                is_watched: AtomicBool::new(false),
            }),
        }
    }

    /// Whether there is any key.
    pub fn is_empty(&self) -> bool {
        self.keys().is_empty()
    }

    /// All of them, in no order.
    pub fn all(&self) -> Vec<Arc<Key>> {
        self.keys().values().cloned().collect()
    }

    /// A key that is known.
    pub fn find(&self, id: &KeyId) -> Option<Arc<Key>> {
        self.keys().get(id).cloned()
    }

    /// A key that a stranger names: one that is not known is looked for in the database, unless
    /// that was done too often of late.
    pub(super) async fn find_or_look(&self, id: &KeyId) -> Option<Arc<Key>> {
        if let Some(key) = self.find(id) {
            return Some(key);
        }
        if self.inner.unknown.check().is_ok() {
            self.look_or_warn().await;
        }
        self.find(id)
    }

    /// A key that another process of the platform names.
    pub async fn find_named_by_platform(&self, id: &KeyId) -> Option<Arc<Key>> {
        if self.find(id).is_none() {
            self.look_or_warn().await;
        }
        self.find(id)
    }

    /// Reads the keys where the database has others. Keys that are gone end.
    pub async fn look(&self) -> Result<()> {
        let mut known = self.inner.revision.lock().await;
        // Asked for before the keys are read: what changes in between is read twice, and not never.
        let revision = self.inner.store.keys_revision().await?;
        if *known == Some(revision) {
            return Ok(());
        }
        let rows = self.inner.store.keys().await?;
        let before = self.keys();
        let keys: Keys = rows
            .into_iter()
            .map(|row| {
                let known = before.get(&row.id).cloned();
                (
                    row.id.clone(),
                    known.unwrap_or_else(|| Arc::new(Key::new(row))),
                )
            })
            .collect();
        for (id, key) in before.iter() {
            if !keys.contains_key(id) {
                key.end();
            }
        }
        *self.write() = Arc::new(keys);
        *known = Some(revision);
        Ok(())
    }

    /// Looks each second, ends keys whose time is over, and records their use now and then, until
    /// `stopping`. The first call does so; further ones return at once.
    pub async fn watch(self, stopping: CancellationToken) {
        if self.inner.is_watched.swap(true, Ordering::Relaxed) {
            return;
        }
        loop {
            self.end_expired(Timestamp::now());
            self.look_or_warn().await;
            self.record_uses().await;
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    fn end_expired(&self, now: Timestamp) {
        for key in self.keys().values() {
            if key.row().expires_at.is_some_and(|at| at <= now) {
                key.end();
            }
        }
    }

    async fn record_uses(&self) {
        for key in self.all() {
            let Some(at) = key.use_to_record() else {
                continue;
            };
            match self.inner.store.record_key_use(&key.row().id, at).await {
                Ok(()) => key.recorded(at),
                Err(error) => tracing::debug!(%error, "the use of a key could not be recorded"),
            }
        }
    }

    /// Forgets a key that has been revoked, without asking the database.
    pub(crate) async fn forget(&self, id: &KeyId) {
        // No look is under way that has read the key before it was revoked.
        let _looking = self.inner.revision.lock().await;
        let mut keys = Keys::clone(&self.keys());
        if let Some(key) = keys.remove(id) {
            key.end();
            *self.write() = Arc::new(keys);
        }
    }

    /// [`Keyring::look`], where a database that is away leaves what is known.
    pub(crate) async fn look_or_warn(&self) {
        let looked = tokio::time::timeout(LOOK_PATIENCE, self.look()).await;
        if let Ok(Err(error)) = looked {
            tracing::debug!(%error, "the API keys could not be read; going on with those that are known");
        }
    }

    fn keys(&self) -> Arc<Keys> {
        let keys = self.inner.keys.read();
        keys.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Arc<Keys>> {
        let keys = self.inner.keys.write();
        keys.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ctnr_model::{KeyName, Scopes};

    use super::*;
    use crate::access::Secret;
    use crate::store::{KeyRow, sqlite_url};

    fn key(number: u8) -> KeyRow {
        let id = KeyId::from_random([number; 8]);
        KeyRow {
            hash: Secret::draw(&id).hash(),
            id,
            name: KeyName::parse(&format!("key-{number}")).unwrap(),
            scopes: Scopes::parse("admin").unwrap(),
            rate: None,
            burst: None,
            created_by: "root".to_owned(),
            created_at: Timestamp::now(),
            expires_at: None,
            last_used_at: None,
        }
    }

    #[tokio::test]
    async fn keys_that_do_not_exist_make_the_database_work_a_little() {
        let folder = tempfile::tempdir().unwrap();
        let url = sqlite_url(&folder.path().join("keys.db"));
        let store = Store::open(&url).await.unwrap();
        let keyring = Keyring::new(store.clone());
        store.add_key(&key(1), 10).await.unwrap();
        assert!(keyring.find_or_look(&key(1).id).await.is_some());
        for _ in 0..100 {
            assert!(keyring.find_or_look(&key(2).id).await.is_none());
        }
        // They have used up what strangers may ask for, but for what a slow test earns meanwhile.
        let denied = (0..100).filter(|_| keyring.inner.unknown.check().is_err());
        assert!(denied.count() > 90);
        store.add_key(&key(2), 10).await.unwrap();
        // What the platform itself asks for is always looked for.
        assert!(keyring.find_named_by_platform(&key(2).id).await.is_some());
    }

    #[tokio::test]
    async fn a_key_that_stays_is_the_same_one_and_one_that_goes_ends() {
        let folder = tempfile::tempdir().unwrap();
        let url = sqlite_url(&folder.path().join("keys.db"));
        let store = Store::open(&url).await.unwrap();
        let keyring = Keyring::new(store.clone());
        for number in 1..4 {
            store.add_key(&key(number), 10).await.unwrap();
        }
        keyring.look().await.unwrap();
        let [one, two, three] = [1, 2, 3].map(|number| keyring.find(&key(number).id).unwrap());
        store.remove_key(&key(1).id).await.unwrap();
        keyring.look().await.unwrap();
        one.ended().await;
        assert!(keyring.find(&key(1).id).is_none());
        // What it has counted stays with it.
        assert!(Arc::ptr_eq(&two, &keyring.find(&key(2).id).unwrap()));
        keyring.forget(&key(3).id).await;
        three.ended().await;
        assert!(keyring.find(&key(3).id).is_none() && keyring.all().len() == 1);
    }
}
