//! The native engine: Linux namespaces, overlayfs, cgroups and seccomp, without a daemon.
//!
//! ```text
//!  engine (in the backend) ──▶ launcher ── forks ──▶ supervisor ── clones ──▶ the sandbox
//! ```
//!
//! - [`NativeEngine`] is what the control plane sees; it holds no process of a sandbox.
//! - The launcher is this program again, with one thread, so that a fork of it is cheap.
//! - A supervisor stands by each sandbox, and outlives engine and launcher.
//! - [`network`], [`ports`] and [`seccomp`] are what a sandbox reaches and may call.
#![cfg(target_os = "linux")]

pub mod network;
pub mod ports;
pub mod seccomp;

mod cgroup;
mod engine;
mod failure;
mod files;
mod init;
mod launcher;
mod log;
mod process;
mod protocol;
mod record;
mod remove;
mod rootfs;
mod stream;
mod supervisor;
mod terminal;
mod wire;

pub use engine::{NativeConfig, NativeEngine};
pub use launcher::launcher_main_if_asked;
