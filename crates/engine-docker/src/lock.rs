//! A mutex whose poisoning means nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. What these mutexes guard is replaced in single steps, so a panic elsewhere can't
/// have left it half-changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
