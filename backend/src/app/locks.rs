//! One lock a sandbox, so that changes of the same sandbox come one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ctnr_model::SandboxId;
use tokio::sync::OwnedMutexGuard;

type Map = Mutex<HashMap<SandboxId, Arc<tokio::sync::Mutex<()>>>>;

/// The locks of the sandboxes that something is being done to.
#[derive(Default)]
pub(super) struct Locks {
    map: Arc<Map>,
}

/// A sandbox's lock, held until it is dropped.
pub(super) struct Locked {
    id: SandboxId,
    map: Arc<Map>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Locks {
    /// Waits for a sandbox's lock. Those who wait are served in order.
    pub(super) async fn lock(&self, id: &SandboxId) -> Locked {
        let lock = self.entry(id);
        let guard = lock.lock_owned().await;
        self.locked(id, guard)
    }

    /// Takes a sandbox's lock where nobody has it.
    pub(super) fn try_lock(&self, id: &SandboxId) -> Option<Locked> {
        let guard = self.entry(id).try_lock_owned().ok()?;
        Some(self.locked(id, guard))
    }

    fn entry(&self, id: &SandboxId) -> Arc<tokio::sync::Mutex<()>> {
        open(&self.map).entry(id.clone()).or_default().clone()
    }

    fn locked(&self, id: &SandboxId, guard: OwnedMutexGuard<()>) -> Locked {
        Locked {
            id: id.clone(),
            map: self.map.clone(),
            guard: Some(guard),
        }
    }
}

impl Drop for Locked {
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
fn open(map: &Map) -> MutexGuard<'_, HashMap<SandboxId, Arc<tokio::sync::Mutex<()>>>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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
