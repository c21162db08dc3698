//! The host runtime: what one host contributes to the platform.
//!
//! Exactly one process per data directory owns the host runtime, by a lock ([`DataDir`]). It opens
//! the engines that the host has ([`Engines`]), and knows for those that it lacks the reason. This
//! crate and the binaries are the only places that name a concrete engine.
#![warn(missing_docs)]

mod data_dir;
mod engines;
mod error;
mod host;
mod realisers;
pub mod win32;

/// Becomes the native engine's launcher where this process was started as one; then it does not
/// return. A program that opens a [`Host`] calls it first of all in `main`.
pub use ctnr_engine_native::launcher_main_if_asked;
pub use data_dir::DataDir;
pub use engines::{EngineStatus, Engines, Slot};
pub use error::{AgentError, Result};
pub use host::{Host, HostConfig};
pub use realisers::{Realiser, realisers};
