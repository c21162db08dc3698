//! The typed client of ctnr's REST API.
//!
//! ```text
//!  Client ─▶ Sandboxes, Execs, Files, Images, Events (a file each) ─▶ Request ─▶ HTTP
//!                                                        │
//!                                 Answer<T> ◀── JSON, NDJSON, server-sent events, bytes
//! ```
//!
//! It knows the wire types of `ctnr-api` and nothing of the product's rules. Nothing here holds a
//! whole archive, log or stream in memory.
#![warn(missing_docs)]

mod address;
mod answer;
mod artifacts;
mod captures;
mod client;
mod containers;
mod error;
mod events;
mod execs;
mod files;
mod hosts;
mod images;
mod info;
mod jobs;
mod keys;
mod lines;
mod logs;
mod programs;
mod request;
mod runtimes;
mod sandboxes;
mod snapshots;
mod socket;
mod sse;
mod tls;

pub use address::Address;
pub use answer::Answer;
pub use client::Client;
pub use error::{ClientError, Result};
pub use events::EventStream;
pub use socket::{ExecInput, ExecMessage, ExecOutput};

/// A stream of what the backend sends, item after item.
pub type Stream<T> = futures::stream::BoxStream<'static, Result<T>>;
