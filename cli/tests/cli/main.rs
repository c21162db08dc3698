//! The built `ctnr` against a mock of the API: what each verb sends, prints and exits with.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up fails where it says why"
)]

mod artifacts;
mod containers;
mod copy;
mod errors;
mod exec;
mod help;
mod images;
mod jobs;
mod keys;
mod programs;
mod sandboxes;
mod streams;
mod support;
mod terminal;
