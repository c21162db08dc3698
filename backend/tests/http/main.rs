//! The REST API over the use cases, SQLite and an engine in memory: a file a group of routes.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod access;
mod api;
mod bad_input;
mod containers;
mod docs;
mod events;
mod exec;
mod files;
mod grpc;
mod hosts;
mod images;
mod keys;
mod panel;
mod proxy;
mod replicas;
mod revoked;
mod sandboxes;
mod scopes;
mod server;
mod stats;
#[expect(
    unused_imports,
    reason = "other test programs use what this one does not"
)]
#[path = "../support/mod.rs"]
mod support;
mod terminal;
