//! One lock a sandbox or container, so that changes of the same one come one after the other.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

type Entries<Id> = HashMap<Id, Arc<tokio::sync::Mutex<()>>>;
type Map<Id> = Mutex<Entries<Id>>;

/// The locks of those that something is being done to.
pub(super) struct Locks<Id> {
    map: Arc<Map<Id>>,
}

/// A lock, held until it is dropped.
pub(super) struct Locked<Id: Hash + Eq> {
    id: Id,
    map: Arc<Map<Id>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<Id> Default for Locks<Id> {
    fn default() -> Self {
        Self {
            map: Arc::default(),
        }
    }
}

impl<Id: Hash + Eq + Clone> Locks<Id> {
    /// Waits for a lock. Those who wait are served in order.
    pub(super) async fn lock(&self, id: &Id) -> Locked<Id> {
        let lock = self.entry(id);
        let guard = lock.lock_owned().await;
        self.locked(id, guard)
    }

    /// Takes a lock where nobody has it.
    pub(super) fn try_lock(&self, id: &Id) -> Option<Locked<Id>> {
        let guard = self.entry(id).try_lock_owned().ok()?;
        Some(self.locked(id, guard))
    }

    fn entry(&self, id: &Id) -> Arc<tokio::sync::Mutex<()>> {
        open(&self.map).entry(id.clone()).or_default().clone()
    }

    fn locked(&self, id: &Id, guard: OwnedMutexGuard<()>) -> Locked<Id> {
        Locked {
            id: id.clone(),
            map: self.map.clone(),
            guard: Some(guard),
        }
    }
}

impl<Id: Hash + Eq> Drop for Locked<Id> {
    fn drop(&mut self) {
        let mut map = open(&self.map);
        // The guard holds a reference of its own, so it goes first; what is left besides the map's
        // reference belongs to those who wait.
        drop(self.guard.take());
        if map
            .get(&self.id)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            map.remove(&self.id);
        }
    }
}

/// Nothing that is done under this lock can panic half-way, so a poisoned one is as good.
fn open<Id>(map: &Map<Id>) -> MutexGuard<'_, Entries<Id>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use ctnr_model::SandboxId;

    use super::*;

    #[tokio::test]
    async fn one_holder_a_sandbox_and_nothing_left_behind() {
        let locks = Locks::default();
        let (a, b) = (
            SandboxId::from_random([1; 32]),
            SandboxId::from_random([2; 32]),
        );
        let held = locks.lock(&a).await;
        assert!(locks.try_lock(&a).is_none());
        drop(locks.lock(&b).await);
        drop(held);
        drop(locks.try_lock(&a).unwrap());
        assert!(open(&locks.map).is_empty());
    }

    #[tokio::test]
    async fn a_waiter_keeps_the_lock_alive() {
        let locks = Arc::new(Locks::default());
        let id = SandboxId::from_random([1; 32]);
        let held = locks.lock(&id).await;
        let waiter = tokio::spawn({
            let (locks, id) = (locks.clone(), id.clone());
            async move { locks.lock(&id).await }
        });
        tokio::task::yield_now().await;
        drop(held);
        let held = waiter.await.unwrap();
        assert!(locks.try_lock(&id).is_none());
        drop(held);
        assert!(open(&locks.map).is_empty());
    }
}
