//! The built program: how it starts, refuses to start, stops, and is killed.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod backend;
mod client;
#[cfg(feature = "system-tests")]
mod kill;
mod refuse;
mod start;
