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
    (f64::from(count) / seconds(time) * 10.0).round() / 10.0
}

/// How many MiB a second, with one decimal.
pub(crate) fn mib_per_second(bytes: u64, time: Duration) -> f64 {
    let kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
    (f64::from(kib) / 1024.0 / seconds(time) * 10.0).round() / 10.0
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// What was measured of one engine, one operation at a time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EngineFigures {
    pub(crate) create: Spread,
    pub(crate) exec: Spread,
    pub(crate) delete: Spread,
}

/// What was measured of the native engine under load.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LoadFigures {
    /// Sandboxes created, all of which live at the end.
    pub(crate) creates: Rate,
    /// The same sandboxes deleted.
    pub(crate) deletes: Rate,
    /// Commands executed in one sandbox.
    pub(crate) execs: Rate,
    /// Output of one command.
    pub(crate) stream: Streamed,
}

/// Operations done side by side, none of which failed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Rate {
    pub(crate) count: usize,
    pub(crate) at_a_time: usize,
    pub(crate) per_second: f64,
}

/// Output that was read as it came.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Streamed {
    pub(crate) bytes: u64,
    pub(crate) mib_per_second: f64,
    /// Resident memory of the backend before.
    pub(crate) before_mib: f64,
    /// The most of it meanwhile.
    pub(crate) peak_mib: f64,
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
        assert_eq!(mib_per_second(1 << 30, Duration::from_secs(3)), 341.3);
    }
}
