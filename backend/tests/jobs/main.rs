//! Doing jobs: in one process, by the API, and by workers over Redis and PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod api;
mod embedded;
mod owner;
#[cfg(feature = "system-tests")]
mod redis;
#[expect(
    unused_imports,
    reason = "other test programs use what this one does not"
)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "system-tests")]
mod workers;
