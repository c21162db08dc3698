//! Waiting for what has to come, without timing it.

use std::thread;
use std::time::{Duration, Instant};

/// How long something may take on a machine that is busy with other things. A test that waits so
/// long has failed; none measures.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `look` finds it.
///
/// # Panics
/// When it has not come after [`PATIENCE`], with what was waited for and what was last seen.
#[track_caller]
pub fn eventually<T>(what: &str, look: impl FnMut() -> Result<T, String>) -> T {
    eventually_within(PATIENCE, what, look)
}

/// The same for what is much work, such as the removal of many files.
///
/// # Panics
/// When it has not come after `patience`.
#[track_caller]
pub fn eventually_within<T>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<T, String>,
) -> T {
    let started = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if started.elapsed() > patience => {
                panic!("{what}: it did not come; last seen: {seen}")
            }
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}
