//! The built program: how it starts, refuses to start, stops, and is killed.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod backend;
mod client;
#[cfg(feature = "system-tests")]
mod kill;
mod refuse;
#[cfg(feature = "system-tests")]
mod replicas;
mod start;
#[cfg(feature = "system-tests")]
#[expect(dead_code, reason = "other test programs use what this one does not")]
#[path = "../support/database.rs"]
mod support;
