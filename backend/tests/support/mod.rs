//! What the integration tests share: an engine in memory, and an app over it and a real database.
#![allow(dead_code, reason = "no test program uses all of it")]

mod database;
mod engine;
mod exec;
mod files;
mod images;
mod platform;

pub(crate) use database::TestDatabase;
pub(crate) use engine::{FakeEngine, Operation};
pub(crate) use platform::{Platform, busybox, eventually, query};
