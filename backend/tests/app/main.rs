//! The use cases, over SQLite and an engine in memory.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod containers;
mod create;
mod delete;
mod events;
mod exits;
mod images;
mod lifecycle;
mod names;
#[cfg(feature = "system-tests")]
mod outage;
mod reconcile;
#[path = "../support/mod.rs"]
mod support;
