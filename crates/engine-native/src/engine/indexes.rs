//! Numbers for sandboxes, which user ids follow from, and for links, which addresses follow from.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use ctnr_engine::{EngineError, Result};

/// How many sandboxes an engine can hold at once: as many as it has addresses for.
const CAPACITY: u32 = 32_768;

/// The numbers that are in use.
#[derive(Default)]
pub(super) struct Indexes {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: BTreeSet<u32>,
    next: u32,
}

impl Indexes {
    /// Takes a number. One that was given back is the last to be taken again, since the kernel
    /// takes a moment to remove what was named after it.
    pub(super) fn take(&self) -> Result<u32> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let start = state.next;
        let free = (start..CAPACITY)
            .chain(0..start)
            .find(|index| !state.used.contains(index));
        let Some(index) = free else {
            return Err(EngineError::Unavailable(format!(
                "this host holds {CAPACITY} sandboxes, as many as it has addresses for; delete some"
            )));
        };
        state.used.insert(index);
        state.next = (index + 1) % CAPACITY;
        Ok(index)
    }

    /// Marks the number of a sandbox that was found.
    pub(super) fn mark(&self, index: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.used.insert(index);
        state.next = state.next.max(index + 1) % CAPACITY;
    }

    /// The numbers that are in use.
    pub(super) fn used(&self) -> HashSet<u32> {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .used
            .iter()
            .copied()
            .collect()
    }

    /// Gives a number back.
    pub(super) fn release(&self, index: u32) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .used
            .remove(&index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_rests_before_it_is_taken_again() {
        let indexes = Indexes::default();
        indexes.mark(3);
        assert_eq!(indexes.take().unwrap(), 4);
        indexes.release(4);
        assert_eq!(indexes.take().unwrap(), 5);
    }

    #[test]
    fn a_full_host_says_so() {
        let indexes = Indexes::default();
        for index in 0..CAPACITY {
            indexes.mark(index);
        }
        assert!(indexes.take().is_err());
        indexes.release(7);
        assert_eq!(indexes.take().unwrap(), 7);
    }
}
