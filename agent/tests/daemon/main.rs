//! The built `agent` against a mock of the API, and by itself.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod enrol;
mod plan;
mod program;
