//! Drives the built binaries as a user does. Each test has a backend of its own, with a data
//! directory of its own, so they run side by side; at the end of each, nothing of it may be left
//! on the host.
#![cfg(feature = "system-tests")]
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod access;
mod agent;
mod archives;
mod capabilities;
mod command_line;
mod crash;
mod database;
mod demo;
mod hostile_images;
mod hungry;
mod input;
mod keys;
mod launcher;
mod leaks;
mod life;
mod network;
mod odd_users;
mod outlive;
mod redirected;
mod registry;
mod storm;
mod system_calls;
mod trouble;
