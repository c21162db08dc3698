//! How long to wait before the next attempt.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// The pause after the attempt of this number (the first is 1): twice as long each time, up to
/// five minutes, and between half and all of that, so that what failed together does not come back
/// together. `chance` is between 0 and 1.
pub fn pause_after(attempt: u32, chance: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        for (attempt, seconds) in [
            (0, 1),
            (1, 1),
            (2, 2),
            (3, 4),
            (9, 256),
            (10, 300),
            (u32::MAX, 300),
        ] {
            assert_eq!(
                pause_after(attempt, 1.0),
                Duration::from_secs(seconds),
                "{attempt}"
            );
            assert_eq!(
                pause_after(attempt, 0.0),
                Duration::from_secs(seconds) / 2,
                "{attempt}"
            );
        }
        assert!(pause_after(3, 0.3) < pause_after(3, 0.4));
    }
}
