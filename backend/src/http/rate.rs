//! How many requests a peer may make.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// After so many requests the peers that have been quiet are forgotten.
const FORGET_EVERY: u32 = 4_096;

/// Wrong keys a second and peer, so that a key can't be guessed.
const WRONG_KEYS: NonZeroU32 = match NonZeroU32::new(10) {
    Some(count) => count,
    None => NonZeroU32::MIN,
};

/// The limits, a peer at a time.
pub(super) struct Limiter {
    requests: Option<DefaultKeyedRateLimiter<IpAddr>>,
    refusals: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    seen: AtomicU32,
}

impl Limiter {
    /// Admits `per_second` requests a second and peer, and as many at once; 0 for no limit.
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            requests: NonZeroU32::new(per_second)
                .map(|count| RateLimiter::keyed(Quota::per_second(count))),
            refusals: RateLimiter::keyed(Quota::per_second(WRONG_KEYS)),
            clock: DefaultClock::default(),
            seen: AtomicU32::new(0),
        }
    }

    /// Counts a request; where there were too many, gives the seconds until the next may come.
    pub(super) fn request(&self, peer: IpAddr) -> Result<(), u64> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.refusals.retain_recent();
            if let Some(requests) = &self.requests {
                requests.retain_recent();
            }
        }
        match &self.requests {
            Some(requests) => self.check(requests, peer),
            None => Ok(()),
        }
    }

    /// Counts a request with a wrong key.
    pub(super) fn refusal(&self, peer: IpAddr) -> Result<(), u64> {
        self.check(&self.refusals, peer)
    }

    fn check(&self, limiter: &DefaultKeyedRateLimiter<IpAddr>, peer: IpAddr) -> Result<(), u64> {
        limiter.check_key(&network(peer)).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            wait.as_secs() + 1
        })
    }
}

/// A peer of IPv6 has a whole /64 of addresses.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_counted_apart() {
        let limiter = Limiter::new(2);
        let [one, two] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        assert_eq!(limiter.request(one), Ok(()));
        assert_eq!(limiter.request(one), Ok(()));
        assert_eq!(limiter.request(one), Err(1));
        assert_eq!(limiter.request(two), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer() {
        let limiter = Limiter::new(1);
        let [one, two] = ["2001:db8::1", "2001:db8::2"].map(|text| text.parse().unwrap());
        assert_eq!(limiter.request(one), Ok(()));
        assert_eq!(limiter.request(two), Err(1));
    }

    #[test]
    fn zero_is_no_limit() {
        let limiter = Limiter::new(0);
        let peer = "10.0.0.1".parse().unwrap();
        assert!((0..10_000).all(|_| limiter.request(peer).is_ok()));
    }
}
