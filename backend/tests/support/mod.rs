//! What the integration tests share: an engine in memory, and an app over it and a real database.
#![allow(dead_code, reason = "no test program uses all of it")]

#[cfg(feature = "system-tests")]
mod cable;
mod containers;
mod database;
mod engine;
mod exec;
mod files;
mod images;
mod platform;

#[cfg(feature = "system-tests")]
pub(crate) use cable::Cable;
pub(crate) use containers::{Killed, container, make, program};
pub(crate) use database::TestDatabase;
pub(crate) use engine::{FakeEngine, Operation};
pub(crate) use platform::{Platform, busybox, eventually, query};
