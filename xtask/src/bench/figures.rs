//! What is made of measured times.

use std::time::Duration;

use serde::Serialize;

/// The times of one operation, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Spread {
    /// Of some times; zero of none.
    pub(crate) fn of(times: &[Duration]) -> Self {
        let mut sorted = times.to_vec();
        sorted.sort();
        Self {
            p50_ms: milliseconds(percentile(&sorted, 50)),
            p99_ms: milliseconds(percentile(&sorted, 99)),
        }
    }
}

/// The smallest time that `percent` of all do not exceed (nearest rank).
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    // Hundredths are far below the noise.
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// How many a second, of `count` in `time`, with one decimal.
pub(crate) fn per_second(count: usize, time: Duration) -> f64 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    (f64::from(count) / time.as_secs_f64().max(f64::MIN_POSITIVE) * 10.0).round() / 10.0
}

/// What was measured of one engine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EngineFigures {
    pub(crate) create: Spread,
    pub(crate) exec: Spread,
    pub(crate) delete: Spread,
    /// Sandboxes created a second, twenty at a time.
    pub(crate) creates_per_second: f64,
    /// Commands executed a second in one sandbox, four at a time.
    pub(crate) execs_per_second: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_times() {
        let times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        let spread = Spread::of(&times);
        assert_eq!(spread.p50_ms, 100.0);
        assert_eq!(spread.p99_ms, 198.0);
        let one = Spread::of(&[Duration::from_micros(1234)]);
        assert_eq!((one.p50_ms, one.p99_ms), (1.23, 1.23));
    }

    #[test]
    fn rates_are_rounded() {
        assert_eq!(per_second(20, Duration::from_millis(1500)), 13.3);
    }
}
