//! A key in memory: what the database has of it, and what this process counts of its use.

use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::store::KeyRow;

/// How old the use that the database knows of may be.
const USE_EVERY: Duration = Duration::from_secs(60);

/// A key that was made at run time.
pub struct Key {
    row: KeyRow,
    /// Cancelled when it is revoked or its time is over.
    ended: CancellationToken,
    limiter: OnceLock<Option<DefaultDirectRateLimiter>>,
    clock: DefaultClock,
    served: AtomicU64,
    limited: AtomicU64,
    /// When it was last used, in milliseconds since 1970; 0 for never.
    used: AtomicI64,
    /// What the database knows of that.
    recorded: AtomicI64,
}

impl Key {
    pub(super) fn new(row: KeyRow) -> Self {
        let used = row.last_used_at.map_or(0, Timestamp::as_millisecond);
        Self {
            row,
            ended: CancellationToken::new(),
            limiter: OnceLock::new(),
            clock: DefaultClock::default(),
            served: AtomicU64::new(0),
            limited: AtomicU64::new(0),
            used: AtomicI64::new(used),
            recorded: AtomicI64::new(used),
        }
    }

    /// What the database has of it.
    pub fn row(&self) -> &KeyRow {
        &self.row
    }

    /// Counts a request. `default` is the number of requests a second of keys that have none of
    /// their own; `None` for no limit. Each process counts by itself.
    ///
    /// # Errors
    /// The seconds until the next request may come, where there were too many.
    pub fn admit(&self, default: Option<NonZeroU32>) -> Result<(), u64> {
        self.used
            .store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
        let limiter = self.limiter.get_or_init(|| {
            let rate = self.row.rate.or(default)?;
            let quota = Quota::per_second(rate).allow_burst(self.row.burst.unwrap_or(rate));
            Some(RateLimiter::direct(quota))
        });
        let admitted = limiter.as_ref().map_or(Ok(()), |limiter| {
            limiter
                .check()
                .map_err(|until| until.wait_time_from(self.clock.now()).as_secs() + 1)
        });
        match admitted {
            Ok(()) => &self.served,
            Err(_) => &self.limited,
        }
        .fetch_add(1, Ordering::Relaxed);
        admitted
    }

    /// The requests that this process has served, and those that were too many.
    pub fn counts(&self) -> (u64, u64) {
        (
            self.served.load(Ordering::Relaxed),
            self.limited.load(Ordering::Relaxed),
        )
    }

    /// When it was last used, as far as this process knows.
    pub fn last_used(&self) -> Option<Timestamp> {
        let used = self.used.load(Ordering::Relaxed);
        let used = Timestamp::from_millisecond(used).ok().filter(|_| used > 0);
        used.max(self.row.last_used_at)
    }

    /// Resolves when the key is revoked, or a second or so after its time is over.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// What begins with the key ends with it.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }

    /// The moment of use that the database should be told of, where it knows of none or of an old
    /// one.
    pub(super) fn use_to_record(&self) -> Option<Timestamp> {
        let used = self.used.load(Ordering::Relaxed);
        let recorded = self.recorded.load(Ordering::Relaxed);
        let age = u64::try_from(used.saturating_sub(recorded)).unwrap_or(0);
        if Duration::from_millis(age) < USE_EVERY {
            return None;
        }
        Timestamp::from_millisecond(used).ok()
    }

    /// The database knows of a use.
    pub(super) fn recorded(&self, at: Timestamp) {
        self.recorded.store(at.as_millisecond(), Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({} {})", self.row.name, self.row.id)
    }
}

#[cfg(test)]
mod tests {
    use ctnr_model::{KeyId, KeyName, Scopes};

    use super::*;
    use crate::access::Secret;

    fn key(rate: Option<u32>, burst: Option<u32>) -> Key {
        let id = KeyId::from_random([7; 8]);
        Key::new(KeyRow {
            hash: Secret::draw(&id).hash(),
            id,
            name: KeyName::parse("ci").unwrap(),
            scopes: Scopes::parse("admin").unwrap(),
            rate: rate.and_then(NonZeroU32::new),
            burst: burst.and_then(NonZeroU32::new),
            created_by: "root".to_owned(),
            created_at: Timestamp::now(),
            expires_at: None,
            last_used_at: None,
        })
    }

    #[test]
    fn a_key_has_a_rate_and_a_burst_or_those_of_the_settings() {
        for (key, default, admitted) in [
            (key(Some(1), Some(3)), Some(100), 3),
            (key(Some(2), None), Some(100), 2),
            (key(None, None), Some(4), 4),
            (key(Some(2), None), None, 2),
            (key(None, None), None, 1_000),
        ] {
            let default = default.and_then(NonZeroU32::new);
            let of_1_000 = (0..1_000).filter(|_| key.admit(default).is_ok()).count();
            // A slow test earns a request or two while it runs.
            assert!((admitted..admitted + 3).contains(&of_1_000), "{of_1_000}");
            let (served, limited) = key.counts();
            assert_eq!(served + limited, 1_000);
        }
    }

    #[test]
    fn the_first_use_is_told_at_once_and_later_ones_seldom() {
        let key = key(None, None);
        assert_eq!(key.use_to_record(), None);
        key.admit(None).unwrap();
        let at = key.use_to_record().unwrap();
        key.recorded(at);
        key.admit(None).unwrap();
        assert_eq!(key.use_to_record(), None);
        assert!(key.last_used() >= Some(at));
    }
}
